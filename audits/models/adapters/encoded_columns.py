"""Which raw column each column of a scikit-learn pipeline's output comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from audits.core.arrays import IntArray
from audits.core.errors import CheckNotApplicableError
from audits.models.adapters.adapter import NativeModel

_ONE_TO_ONE = (
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer",
    "QuantileTransformer", "Binarizer", "OrdinalEncoder",
)  # fmt: skip


def compute_owner(step: NativeModel, owner: IntArray, width: int) -> IntArray:
    """Return the owners `[width]` of a fitted transformer's outputs from those of its inputs.

    Read from the fitted transformer's structure, never from column names, which may repeat.
    Raises CheckNotApplicableError where an output mixes several raw columns.
    """
    if step is None or step == "passthrough":
        result = owner
    elif _kind(step) == "Pipeline":
        result = _through_pipeline(step, owner, width)
    elif _kind(step) == "ColumnTransformer":
        result = _through_columns(step, owner, width)
    elif _kind(step) == "FeatureUnion":
        result = _through_union(step, owner)
    else:
        result = _through_transformer(step, owner, width)
    if len(result) != width:
        raise CheckNotApplicableError(
            f"the columns that {_kind(step)} makes cannot be traced back to the raw ones "
            f"({width} columns, {len(result)} traced)"
        )
    return result


def _kind(step: NativeModel) -> str:
    return str(type(step).__name__)


def _through_pipeline(pipeline: NativeModel, owner: IntArray, width: int) -> IntArray:
    steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        owner = compute_owner(step, owner, width if last else steps[index + 1].n_features_in_)
    return owner


def _through_columns(transformer: NativeModel, owner: IntArray, width: int) -> IntArray:
    result = np.full(width, -1, dtype=np.int64)
    for name, step, columns in transformer.transformers_:
        place = transformer.output_indices_[name]
        if step == "drop" or place.stop == place.start:
            continue
        taken = owner[_positions(transformer, columns)]
        result[place] = compute_owner(step, taken, place.stop - place.start)
    return result


def _positions(
    transformer: NativeModel, columns: str | int | slice | Sequence[str | int | bool]
) -> IntArray:
    """Return the input positions of a column selection: names, numbers, a mask or a slice."""
    names = list(getattr(transformer, "feature_names_in_", ()))
    every = np.arange(int(transformer.n_features_in_), dtype=np.int64)
    if isinstance(columns, (str, int)):
        columns = [columns]
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            start = None if columns.start is None else names.index(columns.start)
            stop = None if columns.stop is None else names.index(columns.stop) + 1
            columns = slice(start, stop, columns.step)
        return every[columns]
    chosen = np.asarray(columns)
    if chosen.dtype == bool:
        return np.flatnonzero(chosen)
    if chosen.dtype.kind in "iu":
        return _taken(every, chosen)
    return np.array([names.index(str(name)) for name in chosen], dtype=np.int64)


def _through_union(union: NativeModel, owner: IntArray) -> IntArray:
    parts = []
    for _, step in union.transformer_list:
        if step == "drop":
            continue
        outputs = len(owner) if step == "passthrough" else len(step.get_feature_names_out())
        parts.append(compute_owner(step, owner, outputs))
    return np.concatenate(parts) if parts else owner[:0]


def _through_transformer(step: NativeModel, owner: IntArray, width: int) -> IntArray:
    kind = _kind(step)
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(step, owner)
    if kind in _ONE_TO_ONE or (kind == "FunctionTransformer" and _is_elementwise(step)):
        return owner
    if hasattr(step, "get_support"):
        return _taken(owner, step.get_support(indices=True))
    if len(set(owner.tolist())) == 1:
        return np.repeat(owner[:1], width)
    raise CheckNotApplicableError(
        f"{kind} mixes several raw columns into each of its outputs, so what it makes cannot be "
        "attributed to one of them"
    )


def _is_elementwise(step: NativeModel) -> bool:
    return step.func is None or isinstance(step.func, np.ufunc)


def _through_imputer(step: NativeModel, owner: IntArray) -> IntArray:
    statistics = np.asarray(step.statistics_, dtype=object)
    kept = owner
    if not step.keep_empty_features:
        # A column that held nothing at all in training is dropped.
        empty = np.array([isinstance(item, float) and np.isnan(item) for item in statistics])
        kept = owner[~empty]
    if step.indicator_ is None:
        return kept
    return np.concatenate([kept, _taken(owner, step.indicator_.features_)])


def _through_target_encoder(step: NativeModel, owner: IntArray) -> IntArray:
    return np.repeat(owner, len(step.classes_) if step.target_type_ == "multiclass" else 1)


def _through_bins(step: NativeModel, owner: IntArray) -> IntArray:
    return owner if step.encode == "ordinal" else np.repeat(owner, step.n_bins_)


def _taken(owner: IntArray, positions: IntArray) -> IntArray:
    return owner[np.asarray(positions, dtype=np.int64)]


_RULES: Mapping[str, Callable[[NativeModel, IntArray], IntArray]] = {
    "OneHotEncoder": lambda step, owner: np.repeat(owner, step._n_features_outs),
    "SimpleImputer": _through_imputer,
    "MissingIndicator": lambda step, owner: _taken(owner, step.features_),
    "TargetEncoder": _through_target_encoder,
    "KBinsDiscretizer": _through_bins,
}
"""How the outputs of a transformer that adds or drops columns follow from its inputs."""
