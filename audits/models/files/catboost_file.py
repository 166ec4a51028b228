"""Reads a CatBoost file (.cbm or JSON) without the library, which trusts every index in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audits.core.errors import InputError
from audits.models.adapters.adapter import numbered_classes
from audits.models.files import catboost_cbm, catboost_json
from audits.models.files.catboost_cbm import Core, check_core, check_encodings
from audits.models.files.catboost_layout import Trees
from audits.models.files.flatbuffer import read_root

MAGIC = b"CBM1"
JSON_KEYS = (b'"ctr_data"', b'"features_info"')
"""The keys come in the order of the alphabet, and the first may hold megabytes."""
MISSING_KEY = "assay.missing"
"""Key of the model's metadata: the text that stood for a missing category in training."""
_STATISTICS = "static_provider_v1"
_CATEGORICAL = "categorical"
_NUMERIC = "numeric"


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of the model.

    loss: CatBoost's name of the loss. classes: texts, `()` where the file names none.
    features: every column in the model's order; categorical: those of them that are texts.
    n_outputs: raw outputs a row. missing: see MISSING_KEY.
    """

    loss: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    categorical: frozenset[str]
    n_outputs: int
    missing: str | None
    trees: Trees


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    name: str
    kind: str


def read_header(content: bytes, name: str) -> Header:
    """Check a file's content and return what it says. Raises InputError where it is damaged."""
    try:
        return (_read_binary if is_binary(content) else _read_json)(content, name)
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
    ) as error:
        raise damaged(name, str(error) or type(error).__name__) from error


def is_binary(content: bytes) -> bool:
    """Whether this is a .cbm file, else JSON."""
    return content.startswith(MAGIC)


def _read_binary(content: bytes, name: str) -> Header:
    size = int.from_bytes(content[4:8], "little")
    if len(content) < 8 + size:
        raise ValueError("it ends too early")
    core = read_root(content[8 : 8 + size])
    if core.text(0) != "FlabuffersModel_v1":
        raise ValueError(f"its version is {core.text(0)[:40]!r}")
    trees = core.table(1)
    if trees.tables(12) or trees.tables(13) or trees.tables(18):
        raise _beyond_tables(name)
    if _STATISTICS in core.texts(3):
        check_encodings(content[8 + size :])
    found = Core(trees)
    check_core(found)
    info = {item.text(0): item.text(1) for item in core.tables(2)}
    parsed = {key: json.loads(info.get(key) or "{}") for key in ("params", "class_params")}
    return _header(
        [*_binary_columns(found)],
        found.n_outputs,
        parsed,
        info.get(MISSING_KEY),
        catboost_cbm.read_trees(found),
    )


def _binary_columns(core: Core) -> Iterator[_Column]:
    for item in core.texts:
        yield _Column(item.integer(1, -1), item.text(2), _CATEGORICAL)
    for item in core.numbers:
        yield _Column(item.integer(2, -1), item.text(4), _NUMERIC)


def _read_json(content: bytes, name: str) -> Header:
    document = json.loads(content)
    features = document["features_info"]
    if features.get("text_features") or features.get("embedding_features"):
        raise _beyond_tables(name)
    parsed = catboost_json.Document(document)
    trees = catboost_json.read_trees(parsed)
    info = document["model_info"]
    columns = [
        _Column(int(item["flat_feature_index"]), str(item.get("feature_id", "")), kind)
        for key, kind in (("categorical_features", _CATEGORICAL), ("float_features", _NUMERIC))
        for item in features.get(key, ())
    ]
    return _header(columns, parsed.n_outputs, info, info.get(MISSING_KEY), trees)


def _header(
    columns: list[_Column],
    n_outputs: int,
    info: Mapping[str, Any],
    missing: str | None,
    trees: Trees,
) -> Header:
    columns.sort(key=lambda column: column.index)
    if not columns or [column.index for column in columns] != [*range(len(columns))]:
        raise ValueError("its features are not numbered from 0")
    names = tuple(column.name or str(column.index) for column in columns)
    if len(set(names)) != len(names):
        raise ValueError("two of its features have one name")
    loss = info["params"]["loss_function"]
    return Header(
        loss=str(loss["type"] if isinstance(loss, dict) else loss).partition(":")[0],
        classes=_class_names(info.get("class_params") or {}, n_outputs),
        features=names,
        categorical=frozenset(
            name for name, column in zip(names, columns, strict=True) if column.kind == _CATEGORICAL
        ),
        n_outputs=n_outputs,
        missing=missing,
        trees=trees,
    )


def _class_names(parameters: Mapping[str, Any], n_outputs: int) -> tuple[str, ...]:
    """Return the classes as their own library prints them."""
    names = parameters.get("class_names") or ()
    if parameters.get("class_label_type") == "Float":
        return tuple(str(float(name)) for name in names)
    return tuple(str(name) for name in names) or numbered_classes(max(2, n_outputs))


def _beyond_tables(name: str) -> InputError:
    return InputError(
        f"{name} reads whole texts or embeddings, which are no columns of a table; train it with "
        "numeric and categorical features only"
    )


def damaged(name: str, why: str) -> InputError:
    """Return the error of a file that is not whole."""
    reason = " ".join(why.split())[:200]
    return InputError(f"the CatBoost file {name} is damaged: {reason}; write it again")
