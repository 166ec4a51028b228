"""Exact Shapley values of tree ensembles against reference rows: absent columns take the values of
each reference row in turn (Lundberg et al. 2020, "From local explanations to global understanding
with explainable AI for trees", algorithm 3)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import treelite

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import INTERVENTIONAL_SHAP
from audits.explain.trees.model import (
    adds_up,
    compute_numeric,
    predict_output,
    shap_reads,
    without_name_warnings,
)
from audits.models import NativeModel
from audits.trees import Forest, flatten_forest, load_forest

MAX_COLUMNS = 12
"""Columns on the longest way to a leaf up to which WOODELF counts reference rows by pattern; its
work doubles with each column, and past so many it compares every pattern with every other."""

MAX_PAIRS = 2e8
"""Row, reference row and tree, for which shap takes minutes (about 2e-6 s each)."""

Compute = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One model ready for one set of reference rows. base: the mean output of the reference rows.
    engines: name and what computes values `[n_rows, n_columns]` of rows as the trees split them.
    pairs_a_row: reference rows times trees."""

    model: NativeModel
    background: FloatArray
    target_class: int
    base: float
    order: IndexArray
    engines: tuple[tuple[str, Compute], ...]
    pairs_a_row: float


_LAST: list[_Prepared] = []
"""What was prepared last: a worker explains one model, chunk after chunk."""


def explain_against_reference(
    model: NativeModel, matrix: FloatArray, request: Request
) -> ColumnAttribution:
    """Explain each row of `matrix` against all rows of `request.background`.

    base: the mean of the model's own output over the reference rows. The space is that of
    `predict_output`.
    Raises CheckNotApplicableError without reference rows, for trees that no engine reads rightly,
    and for deep trees with too many pairs of rows.
    """
    if request.background is None or not len(request.background):
        raise CheckNotApplicableError(
            f"{INTERVENTIONAL_SHAP} compares with reference rows, and there are none; give data a "
            "reference, or use tree_shap"
        )
    prepared = _prepare(model, request)
    numeric, _ = compute_numeric(model, matrix)
    output, space = predict_output(model, matrix, request)
    base = np.full(len(matrix), prepared.base)
    reasons = []
    for name, compute in prepared.engines:
        if name == "shap" and len(matrix) * prepared.pairs_a_row > MAX_PAIRS:
            reasons.append(_describe_pairs(len(matrix), prepared))
            continue
        try:
            values = compute(numeric)[:, prepared.order]
        except (ValueError, NotImplementedError):
            continue
        found = ColumnAttribution(
            values, base, output, space, method=f"{INTERVENTIONAL_SHAP}:{name}", exact=True
        )
        if adds_up(found):
            return found
        reasons.append(f"{name} misses the model's own output by {found.additivity_error:.3g}")
    raise CheckNotApplicableError(
        f"no engine explains this {type(model).__name__} exactly against the reference rows: "
        f"{'; '.join(reasons) or 'its trees cannot be read (unusual leaves or boosting)'}"
    )


def _describe_pairs(n_rows: int, prepared: _Prepared) -> str:
    return (
        f"its trees ask for more than {MAX_COLUMNS} columns on one way, so that each of "
        f"{n_rows:,} rows meets each of {len(prepared.background):,} reference rows in each tree, "
        "which takes too long; use tree_shap or permutation_shap, or explain fewer rows"
    )


def _prepare(model: NativeModel, request: Request) -> _Prepared:
    """Return the model ready for the background, from the last call where both are the same."""
    assert request.background is not None
    target_class, background = request.target_class, request.background
    if _LAST:
        last = _LAST[0]
        same = last.model is model and last.background is background
        if same and last.target_class == target_class:
            return last
    numeric, order = compute_numeric(model, background)
    reference, _ = predict_output(model, background, request)
    engines: list[tuple[str, Compute]] = []
    try:
        forest = load_forest(model, target_class)
        n_trees = len(forest.trees)
        if _count_columns(forest) <= MAX_COLUMNS:
            engines.append(("woodelf", _build_woodelf(forest, numeric)))
    except (ValueError, treelite.TreeliteError):
        n_trees = 1_000  # unknown: shap is for few pairs only
    if shap_reads(model):
        engines.append(("shap", _Shap(model, numeric, target_class)))
    pairs = float(len(background)) * n_trees
    prepared = _Prepared(
        model, background, target_class, float(reference.mean()), order, tuple(engines), pairs
    )
    _LAST[:] = [prepared]
    return prepared


def _count_columns(forest: Forest) -> int:
    """Return the most columns on one way to a leaf, to the next even number."""
    flat = flatten_forest(forest)
    return 0 if flat is None else 2 * int(flat.points.max())


def _build_woodelf(forest: Forest, background: FloatArray) -> Compute:
    from audits.explain.trees.woodelf import BackgroundShap  # noqa: PLC0415 - loads treelite

    return BackgroundShap(forest, background).compute


class _Shap:
    """shap's own engine, made where it is first needed."""

    def __init__(self, model: NativeModel, background: FloatArray, target_class: int) -> None:
        self._model, self._background, self._target_class = model, background, target_class
        self._explainer: NativeModel = None

    def __call__(self, matrix: FloatArray) -> FloatArray:
        import shap  # noqa: PLC0415 - seconds to import, and seldom needed

        with contextlib.redirect_stdout(io.StringIO()), without_name_warnings():
            if self._explainer is None:
                # A masker of its own: shap would draw 100 of a matrix's rows without a word.
                masker = shap.maskers.Independent(self._background, len(self._background))
                self._explainer = shap.TreeExplainer(
                    self._model, data=masker, feature_perturbation="interventional"
                )
            values = np.asarray(self._explainer.shap_values(matrix, check_additivity=False))
        return values[:, :, self._target_class] if values.ndim == 3 else values
