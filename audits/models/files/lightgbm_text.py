"""Reads a LightGBM text file without the library, which trusts every index in it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import IntArray
from audits.core.errors import InputError
from audits.models.adapters.columns import Categories

_CATEGORICAL_SPLIT = 1  # lowest bit of decision_type
_PANDAS = "\npandas_categorical:"


@dataclass(frozen=True, slots=True)
class Header:
    """The first block of the file. `categorical` are the features that hold categories."""

    objective: str
    features: tuple[str, ...]
    infos: tuple[str, ...]
    n_trees: int
    n_outputs: int


def read_header(text: str, name: str) -> Header:
    """Return the first block. Raises InputError where it is damaged."""
    fields = _fields(text.split("\n\n", 1)[0])
    try:
        features = tuple(fields["feature_names"].split(" "))
        infos = tuple(fields["feature_infos"].split(" "))
        header = Header(
            objective=fields.get("objective", ""),
            features=features,
            infos=infos,
            n_trees=len(fields["tree_sizes"].split()),
            n_outputs=int(fields["num_tree_per_iteration"]),
        )
        expected = int(fields["max_feature_idx"]) + 1
    except (KeyError, ValueError) as error:
        raise _damaged(name, f"its header is not whole ({error})") from error
    if not len(features) == len(infos) == expected:
        raise _damaged(name, "its feature names do not agree with its number of features")
    if header.n_outputs < 1 or header.n_trees % header.n_outputs:
        raise _damaged(name, "its number of trees does not fit its number of outputs")
    return header


def check_trees(text: str, header: Header, name: str) -> None:
    """Raise InputError unless every tree is whole and points only at what exists."""
    trees, end, _ = text.partition("\nend of trees")
    if not end:
        raise _damaged(name, "it ends too early")
    blocks = ("\n" + trees).split("\nTree=")[1:]
    if len(blocks) != header.n_trees:
        raise _damaged(name, f"it has {len(blocks)} trees of {header.n_trees}")
    for index, block in enumerate(blocks):
        try:
            _check_tree(_fields(block), len(header.features))
        except (KeyError, ValueError) as error:
            raise _damaged(name, f"tree {index}: {error}") from error


def _check_tree(tree: dict[str, str], n_features: int) -> None:
    leaves = int(tree["num_leaves"])
    if leaves < 1 or _numbers(tree["leaf_value"]).size != leaves:
        raise ValueError("its leaves are not whole")
    if leaves == 1:
        return
    splits = leaves - 1
    feature = _integers(tree["split_feature"])
    left, right = _integers(tree["left_child"]), _integers(tree["right_child"])
    decision, threshold = _integers(tree["decision_type"]), _numbers(tree["threshold"])
    if any(item.size != splits for item in (feature, left, right, decision, threshold)):
        raise ValueError("its splits are not whole")
    if feature.min() < 0 or feature.max() >= n_features:
        raise ValueError("it splits on a feature that does not exist")
    # Every split but the root and every leaf is the child of exactly one split above it.
    children = np.concatenate([left, right])
    if not np.array_equal(np.sort(children), np.r_[np.arange(-leaves, 0), np.arange(1, splits)]):
        raise ValueError("its branches are not a tree")
    parents = np.tile(np.arange(splits), 2)
    if (children[children > 0] <= parents[children > 0]).any():
        raise ValueError("its branches go round in a circle")
    categorical = threshold[(decision & _CATEGORICAL_SPLIT) == 1]
    if categorical.size:
        _check_categories(tree, categorical)


def _check_categories(tree: dict[str, str], sets: np.ndarray) -> None:
    boundaries = _integers(tree["cat_boundaries"])
    words = _integers(tree["cat_threshold"])
    if boundaries.size != int(tree["num_cat"]) + 1 or boundaries[0] != 0:
        raise ValueError("its category sets are not whole")
    if (np.diff(boundaries) < 0).any() or boundaries[-1] != words.size:
        raise ValueError("its category sets are not whole")
    if sets.min() < 0 or sets.max() >= boundaries.size - 1:
        raise ValueError("it splits on a category set that does not exist")


def read_categories(text: str, header: Header, name: str) -> dict[str, Categories]:
    """Return, for each feature that was a pandas category, the code of each of its values."""
    _, found, tail = text.rpartition(_PANDAS)
    if not found:
        return {}
    try:
        levels = json.loads(tail) or []
    except ValueError as error:
        raise _damaged(name, "its categories are not whole") from error
    if not levels:
        return {}
    columns = _categorical_columns(text, header)
    if len(columns) != len(levels):
        raise InputError(
            f"{name} keeps {len(levels)} lists of categories but does not say which columns they "
            "belong to; train it with categorical_feature='auto' on a frame of pandas categories"
        )
    return {
        header.features[column]: Categories(values)
        for column, values in zip(columns, levels, strict=True)
    }


def _categorical_columns(text: str, header: Header) -> list[int]:
    """The declared categorical columns, or those whose range is a list of categories."""
    _, found, rest = text.partition("\n[categorical_feature: ")
    declared = rest.partition("]")[0].split(",") if found else []
    if declared and all(item.strip().isdigit() for item in declared):
        return [column for column in map(int, declared) if column < len(header.features)]
    return [index for index, info in enumerate(header.infos) if ":" in info and info[0] != "["]


def _fields(block: str) -> dict[str, str]:
    lines = (line.partition("=") for line in block.splitlines())
    return {key: value for key, found, value in lines if found}


def _integers(text: str) -> IntArray:
    return np.array(text.split(), dtype=np.int64)


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=np.float64)


def _damaged(name: str, why: str) -> InputError:
    return InputError(f"the LightGBM file {name} is damaged: {why}; write it again")
