"""Decision trees as plain arrays, read from every library's own model object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import treelite.frontend
from numpy.typing import NDArray

from audits.models import NativeModel, kind_of

SINGLE_TREES = ("sklearn.DecisionTreeClassifier", "sklearn.DecisionTreeRegressor")
FORESTS = (
    "sklearn.RandomForestClassifier",
    "sklearn.RandomForestRegressor",
    "sklearn.ExtraTreesClassifier",
    "sklearn.ExtraTreesRegressor",
)
GRADIENT_BOOSTING = ("sklearn.GradientBoostingClassifier", "sklearn.GradientBoostingRegressor")
HISTOGRAM_BOOSTING = (
    "sklearn.HistGradientBoostingClassifier",
    "sklearn.HistGradientBoostingRegressor",
)
LIGHTGBM = "lightgbm.Booster"
XGBOOST = "xgboost.Booster"

STRICTLY_LESS = 2  # treelite's code of the comparison `x < threshold`


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; arrays over its nodes, the root first.

    feature: column of the split. threshold: go left up to here. left, right: child nodes, -1 in
    a leaf. missing_left: where missing values go. value: the leaf's output. cover: weight of the
    training rows that reached the node. categories: for a node that splits by category, which
    go left: entry c for category c, then one for unknown categories, then one for missing.
    """

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]
    categories: Mapping[int, NDArray[np.bool_]] = field(default_factory=dict)

    def compute_expectation(self) -> float:
        """Return the mean leaf value, weighted by how many training rows went each way."""
        reach = np.zeros(len(self.value))
        reach[0] = 1.0
        pending = [0]
        while pending:
            node = pending.pop()
            for child in (self.left[node], self.right[node]):
                if child >= 0:
                    reach[child] = reach[node] * self.cover[child] / self.cover[node]
                    pending.append(child)
        leaves = self.left < 0
        return float(reach[leaves] @ self.value[leaves])


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose outputs add up, with `offset`, to the model's output for one class.

    strict: whether a split goes left below its threshold only (`<`), not at it (`<=`).
    dtype: the precision in which the library compares a value with a threshold.
    """

    trees: tuple[Tree, ...]
    offset: float
    strict: bool = False
    dtype: type[np.floating[Any]] = np.float64

    def compute_base(self) -> float:
        """Return the expected output of the path-dependent game: what no feature explains."""
        return self.offset + sum(tree.compute_expectation() for tree in self.trees)


def load_forest(model: NativeModel, target_class: int) -> Forest:
    """Read the trees of a fitted tree ensemble that make up its output for `target_class`.

    For binary and regression models with one output `target_class` plays no part.
    Raises ValueError for a model whose output is not a sum of such trees, and
    treelite.TreeliteError where a booster cannot be read.
    """
    reader = READERS.get(kind_of(model))
    if reader is None:
        raise ValueError(f"no reader of trees for {kind_of(model)}")
    return reader(model, target_class)


def _read_averaged(model: NativeModel, target_class: int) -> Forest:
    members = [model] if kind_of(model) in SINGLE_TREES else model.estimators_
    classes = getattr(model, "classes_", None)
    trees = []
    for member in members:
        value = member.tree_.value[:, 0, :]
        if classes is not None:
            value = (value / value.sum(axis=1, keepdims=True))[:, [target_class]]
        trees.append(_sklearn_tree(member.tree_, value[:, 0] / len(members)))
    return Forest(tuple(trees), offset=0.0, dtype=np.float32)


def _read_gradient_boosting(model: NativeModel, target_class: int) -> Forest:
    column = target_class if model.estimators_.shape[1] > 1 else 0
    initial = model._raw_predict_init(np.zeros((1, model.n_features_in_)))
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise ValueError("the first guess of this model is itself a model of the row")
    trees = tuple(
        _sklearn_tree(member.tree_, member.tree_.value[:, 0, 0] * model.learning_rate)
        for member in model.estimators_[:, column]
    )
    return Forest(trees, offset=float(initial[0, column]), dtype=np.float32)


def _sklearn_tree(tree: NativeModel, value: NDArray[np.float64]) -> Tree:
    return Tree(
        feature=tree.feature.astype(np.intp),
        threshold=tree.threshold,
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        missing_left=tree.missing_go_to_left.astype(bool),
        value=value,
        cover=tree.weighted_n_node_samples,
    )


def _read_histogram_boosting(model: NativeModel, target_class: int) -> Forest:
    baseline = np.ravel(model._baseline_prediction)
    column = target_class if len(baseline) > 1 else 0
    known, position = model._bin_mapper.make_known_categories_bitsets()
    trees = []
    for stage in model._predictors:
        nodes, left_sets = stage[column].nodes, stage[column].raw_left_cat_bitsets
        leaf = nodes["is_leaf"].astype(bool)
        missing_left = nodes["missing_go_to_left"].astype(bool)
        categories = {}
        for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
            goes_left = _bits(left_sets[nodes["bitset_idx"][node]])
            seen = _bits(known[position[nodes["feature_idx"][node]]])
            otherwise = missing_left[node]
            categories[int(node)] = np.append(
                np.where(seen, goes_left, otherwise), [otherwise, otherwise]
            )
        trees.append(
            Tree(
                feature=nodes["feature_idx"].astype(np.intp),
                threshold=nodes["num_threshold"].astype(np.float64),
                left=np.where(leaf, -1, nodes["left"].astype(np.intp)),
                right=np.where(leaf, -1, nodes["right"].astype(np.intp)),
                missing_left=missing_left,
                value=nodes["value"].astype(np.float64),
                cover=nodes["count"].astype(np.float64),
                categories=categories,
            )
        )
    return Forest(tuple(trees), offset=float(baseline[column]))


def _bits(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little").astype(bool)


def _read_lightgbm(model: NativeModel, target_class: int) -> Forest:
    return _read_treelite(treelite.frontend.from_lightgbm(model), target_class, np.float64)


def _read_xgboost(model: NativeModel, target_class: int) -> Forest:
    try:
        read = treelite.frontend.from_xgboost(model)
    except treelite.TreeliteError:
        # It refuses boosters that carry their categories' names; the trees need only the codes.
        document = json.loads(bytes(model.save_raw("json")))
        trees = document["learner"]["gradient_booster"].get("model", {})
        trees["cats"] = {key: [] for key in trees.get("cats", {})}
        read = treelite.frontend.from_xgboost_json(json.dumps(document))
    return _read_treelite(read, target_class, np.float32)


def _read_treelite(model: NativeModel, target_class: int, dtype: type[np.floating[Any]]) -> Forest:
    header = model.get_header_accessor()
    if np.prod(header.get_field("leaf_vector_shape")) > 1 or header.get_field("num_target")[0] > 1:
        raise ValueError("the leaves of this model hold several outputs")
    owners = header.get_field("class_id")
    column = target_class if owners.max(initial=0) > 0 else 0
    indexes = np.flatnonzero(owners == column)
    scale = 1 / len(indexes) if header.get_field("average_tree_output")[0] else 1.0
    trees, comparisons = [], set()
    for index in indexes:
        accessor = model.get_tree_accessor(int(index))
        comparisons |= set(accessor.get_field("cmp").tolist())
        trees.append(_treelite_tree(accessor, scale))
    offset = float(np.ravel(header.get_field("base_scores"))[column])
    return Forest(tuple(trees), offset, strict=STRICTLY_LESS in comparisons, dtype=dtype)


def _treelite_tree(accessor: NativeModel, scale: float) -> Tree:
    left = accessor.get_field("cleft").astype(np.intp)
    missing_left = accessor.get_field("default_left").astype(bool)
    hessians = accessor.get_field("sum_hess")
    cover = hessians if len(hessians) == len(left) else accessor.get_field("data_count")
    if len(cover) != len(left):
        raise ValueError("the model does not say how many training rows reached each node")
    return Tree(
        feature=accessor.get_field("split_index").astype(np.intp),
        threshold=accessor.get_field("threshold").astype(np.float64),
        left=left,
        right=accessor.get_field("cright").astype(np.intp),
        missing_left=missing_left,
        value=accessor.get_field("leaf_value").astype(np.float64) * scale,
        cover=cover.astype(np.float64),
        categories=dict(_treelite_categories(accessor, missing_left)),
    )


def _treelite_categories(
    accessor: NativeModel, missing_left: NDArray[np.bool_]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    listed = accessor.get_field("category_list")
    begins, ends = (accessor.get_field(f"category_list_{side}") for side in ("begin", "end"))
    listed_right = accessor.get_field("category_list_right_child").astype(bool)
    comparisons = accessor.get_field("cmp")
    for node in np.flatnonzero((comparisons == 0) & (accessor.get_field("cleft") >= 0)):
        chosen = listed[begins[node] : ends[node]].astype(np.intp)
        table = np.full(int(chosen.max(initial=-1)) + 3, listed_right[node])
        table[chosen] = not listed_right[node]
        table[-1] = missing_left[node]
        yield int(node), table


READERS: Mapping[str, Callable[[NativeModel, int], Forest]] = {
    **dict.fromkeys((*SINGLE_TREES, *FORESTS), _read_averaged),
    **dict.fromkeys(GRADIENT_BOOSTING, _read_gradient_boosting),
    **dict.fromkeys(HISTOGRAM_BOOSTING, _read_histogram_boosting),
    LIGHTGBM: _read_lightgbm,
    XGBOOST: _read_xgboost,
}
"""Adding a tree library: one reader, one line."""
