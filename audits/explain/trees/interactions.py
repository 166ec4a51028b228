"""Exact Shapley interaction values of tree ensembles, path-dependent (Fujimoto et al. 2006,
"Axiomatic characterizations of probabilistic and cardinal-probabilistic interaction indices"; laid
out as in Lundberg et al. 2020, "From local explanations to global understanding with explainable AI
for trees": half of a pair's interaction on either side, the rest of a column's value on the
diagonal).

A pair's share of a leaf is the integral of `tree_kernel` with both columns left out, so that the
same points serve; here a leaf at a time with numpy, for some hundred rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import treelite

from audits.core.arrays import BoolArray, FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.trees.model import adds_up, compute_numeric, find_native, predict_output
from audits.models import NativeModel, kind_of
from audits.trees import READERS, Forest, Tree, load_forest

METHOD = "tree_interactions"


@dataclass(frozen=True, slots=True)
class ColumnInteractions:
    """values: float64 `[n_rows, n_columns, n_columns]`, symmetric; summed over the last axis they
    are the attributions, which with base add up to output. The other fields are those of
    `ColumnAttribution`."""

    values: FloatArray
    base: FloatArray
    output: FloatArray
    space: str


def has_interactions(estimator: NativeModel) -> bool:
    """Whether the estimator is one of the tree ensembles that can be read."""
    return kind_of(find_native(estimator)) in READERS


def compute_tree_interactions(
    estimator: NativeModel, matrix: FloatArray, request: Request
) -> ColumnInteractions:
    """Return the interaction values of each row of `matrix` `[n_rows, n_columns]`.

    Memory and work grow with rows times columns squared. The space is that of `predict_output`.
    Raises CheckNotApplicableError for trees that cannot be read, or whose values do not add up to
    the model's own output.
    """
    model = find_native(estimator)
    matrix = np.asarray(matrix, dtype=np.float64)
    numeric, order = compute_numeric(model, matrix)
    output, space = predict_output(model, matrix, request)
    try:
        forest = load_forest(model, request.target_class)
    except (ValueError, treelite.TreeliteError) as error:
        raise CheckNotApplicableError(
            f"no engine gives interaction values of this {type(model).__name__}: {error}"
        ) from error
    values = compute_forest_interactions(forest, numeric)[:, order][:, :, order]
    base = np.full(len(matrix), forest.compute_base())
    sums = ColumnAttribution(values.sum(axis=2), base, output, space, method=METHOD, exact=True)
    if not adds_up(sums):
        raise CheckNotApplicableError(
            f"the interaction values of this {type(model).__name__} miss its own output by "
            f"{sums.additivity_error:.3g}"
        )
    return ColumnInteractions(values, base, output, space)


def compute_forest_interactions(forest: Forest, matrix: FloatArray) -> FloatArray:
    """Return a forest's interaction values, float64 `[n_rows, n_columns, n_columns]`."""
    n_rows, n_columns = matrix.shape
    total = np.zeros((n_columns, n_columns, n_rows))
    rows = matrix.astype(forest.dtype).astype(np.float64)
    for tree in forest.trees:
        for value, columns, follows, share in _walk(tree, rows, strict=forest.strict):
            _add_leaf(total, value, columns, follows, share)
    return np.ascontiguousarray(np.moveaxis(total, 2, 0))


Leaf = tuple[float, IndexArray, BoolArray, FloatArray]
"""Value; the different columns on the way; `[n_columns_on_way, n_rows]` whether each row follows
all splits of the column; the share of training rows that do."""


def _walk(tree: Tree, rows: FloatArray, *, strict: bool) -> Iterator[Leaf]:
    """Yield the leaves that any column stands above, and what decides them."""
    pending: list[tuple[int, dict[int, tuple[BoolArray, float]]]] = [(0, {})]
    while pending:
        node, way = pending.pop()
        if tree.left[node] < 0:
            if way:
                columns = np.fromiter(way, dtype=np.intp)
                follows = np.array([item[0] for item in way.values()])
                yield (
                    float(tree.value[node]),
                    columns,
                    follows,
                    np.array([item[1] for item in way.values()]),
                )
            continue
        column, cover = int(tree.feature[node]), float(tree.cover[node])
        goes_left = _ask(tree, node, rows[:, column], strict=strict)
        before, share = way.get(column, (np.ones(len(rows), dtype=np.bool_), 1.0))
        for child, side in ((tree.left[node], goes_left), (tree.right[node], ~goes_left)):
            ratio = float(tree.cover[child]) / cover if cover > 0 else 0.0
            pending.append((int(child), {**way, column: (before & side, share * ratio)}))


def _ask(tree: Tree, node: int, values: FloatArray, *, strict: bool) -> BoolArray:
    """Return which values go left at a node."""
    missing = np.isnan(values)
    table = tree.categories.get(node)
    if table is None:
        edge = tree.threshold[node]
        left = values < edge if strict else values <= edge
    else:
        known = (values >= 0) & (values < len(table) - 2)
        left = table[np.where(known, values, len(table) - 2).astype(np.intp)]
    found: BoolArray = np.where(missing, tree.missing_left[node], left).astype(np.bool_)
    return found


def _add_leaf(
    total: FloatArray, value: float, columns: IndexArray, follows: BoolArray, share: FloatArray
) -> None:
    """Add one leaf's interaction values; see `tree_kernel` for the integral."""
    places, weights = np.polynomial.legendre.leggauss((len(columns) + 1) // 2)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        stays = (1 - place) * share[:, None]
        product = np.where(follows, place + stays, stays).prod(axis=0)
        pull = np.where(
            follows, (1 - share[:, None]) / (place + stays), -1 / (1 - place)
        )  # (o - z) / (t o + (1 - t) z)
        single = value * weight * product * pull
        pair = 0.5 * single[:, None] * pull
        diagonal = np.arange(len(columns))
        pair[diagonal, diagonal] = 0.0
        pair[diagonal, diagonal] = single - pair.sum(axis=1)
        total[columns[:, None], columns] += pair
