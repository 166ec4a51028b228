"""Exact path-dependent Shapley values of CatBoost models, on raw columns: a split on a statistic
of several categories counts as known once all of them are.

The library's own engine is asked for one kind of model only. It shares such a split's effect
equally, which is no Shapley value; and for trees that are not symmetric it misses the model's own
output after a .cbm file is loaded (https://github.com/catboost/catboost/issues/2136) and dies of
a segmentation fault on several classes from JSON."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import MARGIN, TARGET, ColumnAttribution, Request
from audits.explain.methods import TREE_SHAP
from audits.explain.trees.leaf_tables import MAX_DEPTH, LeafTable, compute_leaf_table
from audits.explain.trees.path_dependent import compute_path_shap
from audits.models import CatBoostAdapter, NativeModel, NodeTree, Trees
from audits.trees import Forest, Tree, flatten_forest

METHODS = (TREE_SHAP,)

_MAX_NUMBERS = 1 << 25
"""Numbers that one answer of the library may hold: 256 MB as float64."""
_TOLERANCE = 1e-6
"""What sums may miss, as a share of the outputs' spread."""
Shares = tuple[FloatArray, FloatArray]
"""Values `[n_rows, n_features]` and base `[n_rows]`."""
Engine = Callable[[CatBoostAdapter, pd.DataFrame, NativeModel, int], Shares]


def explain_rows(
    adapter: CatBoostAdapter, frame: pd.DataFrame, request: Request
) -> ColumnAttribution:
    """Explain a CatBoost model's output for one class, exactly, a column of values a raw column.

    The space is the margin (log-odds; for several classes a class's own raw score; the logarithm
    of the target for Poisson and Tweedie), or the target's own unit for other regressions.
    Raises CheckNotApplicableError where nothing explains the model exactly: it keeps no weights
    of its leaves, asks for categories in trees that are not symmetric, or the values do not add
    up to what the model answers.
    """
    name, engine = _choose_engine(adapter.trees)
    n_numbers = len(adapter.info.features) * max(1, len(adapter.info.classes))
    step = max(1, _MAX_NUMBERS // max(n_numbers, adapter.estimator.tree_count_))
    parts = []
    for begin in range(0, len(frame), step):
        rows = frame.iloc[begin : begin + step]
        pool = adapter.pool(rows)
        shares = engine(adapter, rows, pool, request.target_class)
        parts.append((*shares, compute_output(adapter.estimator, pool, request.target_class)))
    values, base, output = (np.concatenate(part) for part in zip(*parts, strict=True))
    on_target = request.task == "regression" and not adapter.has_log_link
    found = ColumnAttribution(
        values,
        base,
        output,
        TARGET if on_target else MARGIN,
        method=f"{TREE_SHAP}:{name}",
        exact=True,
    )
    spread = float(np.abs(output - base).max())
    if found.additivity_error > _TOLERANCE * max(1.0, spread):
        raise CheckNotApplicableError(
            f"the attributions miss what the model answers by {found.additivity_error:.3g}"
        )
    return found


def _choose_engine(trees: Trees) -> tuple[str, Engine]:
    """Return what explains these trees exactly. Raises CheckNotApplicableError where nothing."""
    if trees.why:
        raise CheckNotApplicableError(trees.why)
    if trees.others is not None:
        return "linear_tree_shap", _by_nodes
    depth = max((len(tree.owners) for tree in trees.symmetric or ()), default=0)
    if depth <= MAX_DEPTH:
        return "leaf tables", _by_tables
    if trees.combines:
        raise CheckNotApplicableError(
            f"this CatBoost model has trees deeper than {MAX_DEPTH} and combines categorical "
            "columns, and the library shares such splits equally, which is not exact; train with "
            "max_ctr_complexity=1 or less depth"
        )
    return "catboost", _by_library


def _by_nodes(
    adapter: CatBoostAdapter, rows: pd.DataFrame, pool: NativeModel, wanted: int
) -> Shares:
    return compute_node_shap(adapter.estimator, adapter.trees, adapter.numbers(rows), wanted)


def _by_tables(
    adapter: CatBoostAdapter, rows: pd.DataFrame, pool: NativeModel, wanted: int
) -> Shares:
    return compute_catboost_shap(adapter.estimator, adapter.trees, pool, wanted)


def _by_library(
    adapter: CatBoostAdapter, rows: pd.DataFrame, pool: NativeModel, wanted: int
) -> Shares:
    return compute_library_shap(adapter.estimator, pool, wanted)


def compute_catboost_shap(
    model: NativeModel, trees: Trees, pool: NativeModel, target_class: int
) -> Shares:
    """Return values and base of the raw output of one class, for symmetric trees.

    model: a `catboost.CatBoost`; trees: what its file says; pool: a `catboost.Pool` of at least
    one row. A model with two outputs is explained by their difference, the log-odds of the
    second class.
    """
    leaves = np.asarray(model.calc_leaf_indexes(pool)).astype(np.intp, copy=False)
    tables = _compute_tables(trees, target_class)
    values = np.zeros((len(leaves), pool.num_col()), dtype=np.float64)
    for place, table in enumerate(tables):
        values[:, table.columns] += table.values[leaves[:, place]]
    base = np.full(len(leaves), sum(table.base for table in tables))
    return _apply_scale(model, (values, base), target_class)


@functools.lru_cache(maxsize=4)
def _compute_tables(trees: Trees, target_class: int) -> tuple[LeafTable, ...]:
    return tuple(
        compute_leaf_table(tree, choose_output(tree.values, target_class))
        for tree in trees.symmetric or ()
    )


def compute_node_shap(
    model: NativeModel, trees: Trees, matrix: FloatArray, target_class: int
) -> Shares:
    """Return values and base for trees that are not symmetric; see `compute_catboost_shap`.

    matrix: `[n_rows, n_features]`; what stands in categorical columns plays no part.
    """
    forest = Forest(
        tuple(_as_tree(tree, target_class) for tree in trees.others or ()), 0.0, dtype=np.float32
    )
    base = np.full(len(matrix), forest.compute_base())
    values = compute_path_shap(flatten_forest(forest), matrix)
    return _apply_scale(model, (values, base), target_class)


def _as_tree(tree: NodeTree, target_class: int) -> Tree:
    if not tree.weights[tree.left >= 0].all():
        raise CheckNotApplicableError("no training row reached a split of this CatBoost model")
    return Tree(
        feature=tree.column,
        threshold=tree.border,
        left=tree.left,
        right=tree.right,
        missing_left=tree.missing_left,
        value=choose_output(tree.values, target_class),
        cover=tree.weights,
    )


def compute_library_shap(model: NativeModel, pool: NativeModel, target_class: int) -> Shares:
    """Return what CatBoost itself attributes; see `compute_catboost_shap`.

    Raises CheckNotApplicableError where the library cannot explain the model.
    """
    import catboost  # noqa: PLC0415 - seconds to import, and only CatBoost models need it

    scale, bias = model.get_scale_and_bias()
    try:  # which the library explains unscaled only
        model.set_scale_and_bias(1.0, np.zeros_like(bias).tolist())
        answer = np.asarray(model.get_feature_importance(pool, type="ShapValues"), np.float64)
    except catboost.CatBoostError as error:
        raise CheckNotApplicableError(
            f"CatBoost cannot explain this model: {' '.join(str(error).split())[:200]}"
        ) from error
    finally:
        model.set_scale_and_bias(scale, bias)
    shares = choose_output(answer if answer.ndim == 3 else answer[:, None], target_class)
    return _apply_scale(model, (shares[:, :-1], shares[:, -1]), target_class)


def _apply_scale(model: NativeModel, shares: Shares, target_class: int) -> Shares:
    scale, bias = model.get_scale_and_bias()
    start = choose_output(np.atleast_1d(np.asarray(bias, np.float64))[None], target_class)
    return shares[0] * scale, shares[1] * scale + start


def compute_output(model: NativeModel, pool: NativeModel, target_class: int) -> FloatArray:
    """Return the model's raw output `[n_rows]` of one class; see `compute_catboost_shap`."""
    raw = np.asarray(model.predict(pool, prediction_type="RawFormulaVal"), dtype=np.float64)
    return choose_output(raw if raw.ndim == 2 else raw[:, None], target_class)


def choose_output(answer: FloatArray, target_class: int) -> FloatArray:
    """Return the output that is explained out of `[n, n_outputs, ...]`."""
    n_outputs = answer.shape[1]
    if n_outputs == 1:
        return answer[:, 0]
    return answer[:, 1] - answer[:, 0] if n_outputs == 2 else answer[:, target_class]
