"""Setting an audit up: what is in the data file, what is still missing, the `audit.toml`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from audits.core.errors import AssayError, InputError
from audits.core.spec import Task
from audits.core.spec_recourse import Scalar
from audits.data.schema import Column, tabulate_columns
from audits.data.source import connect, open_source, quote
from dashboard.catalogue import say

_ENDPOINT_HEAD = 1 << 20
INPUTS = ".inputs"
"""Where uploaded files and written settings lie, inside the folder with the runs."""

MAX_VALUES = 50
MAX_GROUPS = 12
"""A protected column of more different numbers than this has to be cut into groups."""


@dataclass(frozen=True, slots=True)
class DataPreview:
    """What a data file holds. values: of each column with few different ones. edges: where a
    column of many numbers would be cut into three groups of about equal size."""

    rows: int
    columns: tuple[Column, ...]
    values: dict[str, tuple[Scalar, ...]]
    edges: dict[str, tuple[float, ...]]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    def suggest_protected(self) -> list[str]:
        """Return the columns whose names suggest that they are protected."""
        known = {"sex", "gender", "race", "ethnicity", "age", "religion", "disability",
                 "nationality", "marital_status"}  # fmt: skip
        return [name for name in self.names if name.casefold() in known]


@dataclass(frozen=True, slots=True)
class Draft:
    """An audit as it is being set up. Empty texts are not chosen yet."""

    name: str
    task: Task
    data: str
    target: str
    positive: Scalar | None
    protected: tuple[str, ...]
    model: str = ""
    threshold: float = 0.5
    label: str = ""
    score: str = ""
    preset: str = "four-fifths"
    edges: tuple[tuple[str, tuple[float, ...]], ...] = ()


def inspect_data(path: Path) -> DataPreview | str:
    """Return what a data file holds, or why it cannot be read."""
    connection = connect()
    try:
        source = open_source(
            connection, str(path.absolute()), base=path.parent, view="preview", role="data"
        )
        rows, columns = tabulate_columns(connection, source.view)
        values = {
            column.name: _read_values(connection, source.view, column)
            for column in columns
            if column.distinct <= MAX_VALUES
        }
        edges = {
            column.name: _suggest_edges(connection, source.view, column)
            for column in columns
            if column.is_numeric and column.distinct > MAX_GROUPS
        }
    except AssayError as error:
        return str(error)
    finally:
        connection.close()
    return DataPreview(rows, columns, values, edges)


def _read_values(
    connection: duckdb.DuckDBPyConnection, view: str, column: Column
) -> tuple[Scalar, ...]:
    name = quote(column.name)
    found = connection.execute(
        f"SELECT DISTINCT {name} FROM {view} WHERE {name} IS NOT NULL ORDER BY 1 LIMIT {MAX_VALUES}"
    ).fetchall()
    plain = (str, bool, int, float)
    return tuple(row[0] if isinstance(row[0], plain) else str(row[0]) for row in found)


def _suggest_edges(
    connection: duckdb.DuckDBPyConnection, view: str, column: Column
) -> tuple[float, ...]:
    name = quote(column.name)
    found = connection.execute(
        f"SELECT quantile_disc(CAST({name} AS DOUBLE), [1/3, 2/3]) FROM {view}"
    ).fetchall()
    return tuple(sorted({float(edge) for edge in found[0][0] or ()}))


def with_model(draft: Draft, model: str, threshold: float) -> Draft:
    """Return the draft of an audit of a model."""
    return replace(draft, model=model, threshold=threshold)


def with_predictions(draft: Draft, label: str, score: str) -> Draft:
    """Return the draft of an audit of decisions or scores that the data holds."""
    return replace(draft, label=label, score=score)


def find_problem(draft: Draft, *, with_model: bool) -> str:
    """Return what is still missing, "" where the audit can start."""
    decided = bool(draft.label or draft.score)
    needs = (
        (draft.data, "new.need_data"),
        (draft.name.strip(), "new.need_name"),
        (draft.model if with_model else decided, "new.need_model" if with_model
         else "new.need_predictions"),
        (draft.target or not with_model, "new.need_target"),
        (draft.task != "binary" or not draft.target or draft.positive is not None,
         "new.positive_missing"),
    )  # fmt: skip
    return next((say(key) for given, key in needs if not given), "")


def read_edges(text: str) -> tuple[float, ...] | None:
    """Return the numbers of "25, 60" in rising order, None where it is not such a list."""
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    try:
        return tuple(sorted({float(part) for part in parts}))
    except ValueError:
        return None


def render_audit_toml(draft: Draft) -> str:
    """Return the `audit.toml` of a draft."""
    data: list[tuple[str, object]] = [("path", draft.data)]
    if draft.target:
        data.append(("target", draft.target))
        if draft.task == "binary" and draft.positive is not None:
            data.append(("positive", draft.positive))
    elif draft.positive is not None:
        data.append(("positive", draft.positive))
    data.append(("protected", list(draft.protected)))
    sections: list[tuple[str, list[tuple[str, object]]]] = [
        ("audit", [("name", draft.name.strip()), ("task", draft.task)]),
        ("data", data),
    ]
    if draft.edges:
        sections.append(("data.edges", [(name, list(cuts)) for name, cuts in draft.edges]))
    if draft.model:
        model: list[tuple[str, object]] = [("path", draft.model)]
        if draft.task == "binary":
            model.append(("threshold", draft.threshold))
        sections.append(("model", model))
    else:
        given = [("label", draft.label), ("score", draft.score)]
        sections.append(("predictions", [(key, text) for key, text in given if text]))
    sections.append(("policy", [("preset", draft.preset)]))
    return "\n".join(_render_section(name, pairs) for name, pairs in sections)


def _render_section(name: str, pairs: Sequence[tuple[str, object]]) -> str:
    lines = [f"[{name}]", *(f"{_render_key(key)} = {_render(value)}" for key, value in pairs)]
    return "\n".join(lines) + "\n"


def _render_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _render(key)


def _render(value: object) -> str:
    """Return a value as TOML; JSON's strings are TOML's, but for one control character."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_render(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def name_folder(name: str, now: datetime) -> str:
    """Return the folder's name of a new run: short, safe, and with its time."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48] or "audit"
    return f"{slug}-{now:%Y%m%d-%H%M%S}"


def save_upload(root: Path, folder: str, name: str, content: bytes) -> Path:
    """Write an uploaded file into the inputs of a new run, under its own plain name.

    Raises InputError for the description of an endpoint: whoever sends it could have this machine
    ask any of its own ports. Such a file is named by its path, on the machine itself.
    """
    if b'"assay.endpoint/' in content[:_ENDPOINT_HEAD]:
        raise InputError(say("new.no_endpoint"))
    safe = re.sub(r"[^\w.\- ]", "_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
    target = root / INPUTS / folder / safe
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def save_draft(root: Path, folder: str, draft: Draft) -> Path:
    """Write the draft's `audit.toml` into the inputs of a new run."""
    target = root / INPUTS / folder / "audit.toml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_audit_toml(draft), encoding="utf-8")
    return target
