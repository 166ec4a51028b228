"""Reads an XGBoost JSON or UBJ document without the library, which trusts every index in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audits.core.errors import InputError
from audits.models.adapters.adapter import numbered_features
from audits.models.files import ubjson

UBJ_STARTS = tuple(b"{" + marker for marker in (b"i", b"U", b"I", b"l", b"L"))
_NO_CHILD = -1


@dataclass(frozen=True, slots=True)
class Header:
    """What the document says of the model. `booster` is "gbtree", "dart" or "gblinear"."""

    objective: str
    booster: str
    features: tuple[str, ...]
    feature_types: tuple[str, ...]
    n_classes: int
    n_targets: int
    best_iteration: int | None


def read_document(content: bytes, name: str) -> Mapping[str, Any]:
    """Return a file's parsed content. Raises InputError where it is cut short or neither format."""
    try:
        document = (ubjson if content.startswith(UBJ_STARTS) else json).loads(content)
    except (ValueError, RecursionError) as error:
        raise damaged(name, str(error)) from error
    if not isinstance(document, dict):
        raise damaged(name, "it is no object")
    return document


def read_header(document: Mapping[str, Any], name: str) -> Header:
    """Check the document and return what it says. Raises InputError where it is damaged."""
    try:
        learner = document["learner"]
        parameters = learner["learner_model_param"]
        count = int(parameters["num_feature"])
        features = tuple(learner.get("feature_names") or numbered_features(count))
        types = tuple(learner.get("feature_types") or ())
        if len(features) != count or (types and len(types) != count):
            raise ValueError("its feature names do not agree with its number of features")
        header = Header(
            objective=learner["objective"]["name"],
            booster=learner["gradient_booster"]["name"],
            features=features,
            feature_types=types,
            n_classes=int(parameters["num_class"]),
            n_targets=int(parameters.get("num_target", "1")),
            best_iteration=_best_iteration(learner.get("attributes", {})),
        )
        if header.booster != "gblinear":
            booster = learner["gradient_booster"]
            _check_trees(booster.get("gbtree", booster)["model"], count, max(1, header.n_classes))
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise damaged(name, str(error) or type(error).__name__) from error
    return header


def _best_iteration(attributes: Mapping[str, str]) -> int | None:
    return int(attributes["best_iteration"]) if "best_iteration" in attributes else None


def _check_trees(model: Mapping[str, Any], n_features: int, n_groups: int) -> None:
    trees, groups = model["trees"], model["tree_info"]
    if not len(trees) == len(groups) == int(model["gbtree_model_param"]["num_trees"]):
        raise ValueError("its number of trees is not the one that it declares")
    if any(not 0 <= group < n_groups for group in groups):
        raise ValueError("a tree belongs to a class that does not exist")
    for index, tree in enumerate(trees):
        try:
            _check_tree(tree, n_features)
        except ValueError as error:
            raise ValueError(f"tree {index}: {error}") from error


def _check_tree(tree: Mapping[str, Any], n_features: int) -> None:
    nodes = int(tree["tree_param"]["num_nodes"])
    if int(tree["tree_param"]["num_feature"]) != n_features:
        raise ValueError("it was grown on another number of features")
    left, right, feature = (
        np.asarray(tree[key], dtype=np.int64)
        for key in ("left_children", "right_children", "split_indices")
    )
    per_node = ("default_left", "parents", "split_conditions", "sum_hessian", "loss_changes")
    if any(len(tree[key]) != nodes for key in per_node):
        raise ValueError("its nodes are not whole")
    if not left.size == right.size == feature.size == nodes or nodes < 1:
        raise ValueError("its nodes are not whole")
    splits = left != _NO_CHILD
    if (splits != (right != _NO_CHILD)).any():
        raise ValueError("a node has one child only")
    if ((feature < 0) | (feature >= n_features))[splits].any():
        raise ValueError("it splits on a feature that does not exist")
    children = np.concatenate([left[splits], right[splits]])
    if children.size and (children.min() < 1 or children.max() >= nodes):
        raise ValueError("a branch leads to a node that does not exist")
    if np.unique(children).size != children.size:
        raise ValueError("two branches lead to one node")
    _check_categories(tree, nodes)


def _check_categories(tree: Mapping[str, Any], nodes: int) -> None:
    owners, starts, sizes, values = (
        np.asarray(tree.get(key, ()), dtype=np.int64)
        for key in (
            "categories_nodes",
            "categories_segments",
            "categories_sizes",
            "categories",
        )
    )
    kinds = np.asarray(tree.get("split_type", ()), dtype=np.int64)
    if kinds.size not in (0, nodes) or int((kinds == 1).sum()) != owners.size:
        raise ValueError("its category sets are not whole")
    if not owners.size == starts.size == sizes.size:
        raise ValueError("its category sets are not whole")
    if owners.size and (
        owners.min() < 0
        or owners.max() >= nodes
        or starts.min() < 0
        or sizes.min() < 0
        or (starts + sizes).max() > values.size
        or (values.size and values.min() < 0)
    ):
        raise ValueError("a category set leads out of the file")


def damaged(name: str, why: str) -> InputError:
    """Return the error of a file that is not whole."""
    return InputError(f"the XGBoost file {name} is damaged: {why[:200]}; write it again")
