"""`assay init`: a starter audit.toml from what is found in the files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from audits.core.errors import InputError
from audits.data.schema import Column, tabulate_columns
from audits.data.source import connect, open_source
from audits.models import ModelClient, ModelInfo, open_model

_PROTECTED_WORDS = (
    "sex", "gender", "race", "ethnic", "age", "religion", "nationality", "disab", "marital",
)  # fmt: skip
_ROWS_OF_GROUPS = 20


def init_command(model: Path, data: Path, out: Path) -> None:
    """Look into both files and write `out`. Raises InputError where it exists already."""
    if out.exists():
        raise InputError(f"{str(out)!r} exists already; name another file with --out")
    with connect() as connection:
        open_source(connection, str(data.absolute()), base=Path(), view="starter", role="data")
        _, columns = tabulate_columns(connection, "starter")
    client: ModelClient
    with open_model(model) as client:
        info = client.info
    base = out.absolute().parent
    paths = tuple(os.path.relpath(path.absolute(), base) for path in (model, data))
    out.write_text(render_starter(info, columns, *paths), encoding="utf-8")
    print(f"Wrote {out}: check the target and the protected columns, then", file=sys.stderr)
    print(f"  assay run {out}", file=sys.stderr)


def suggest_target(info: ModelInfo, columns: Iterable[Column]) -> str:
    """Return the column that the model does not use and that looks most like an outcome."""
    unused = [column for column in columns if column.name not in info.features]
    if info.task == "regression":
        unused = [column for column in unused if column.is_numeric] or unused
    else:
        unused = [column for column in unused if column.distinct <= max(len(info.classes), 2)]
    return unused[-1].name if unused else "CHANGE ME"


def suggest_protected(columns: Iterable[Column], target: str) -> list[str]:
    """Return the columns whose names speak of people and that have few different values."""
    return [
        column.name
        for column in columns
        if column.name != target
        and column.distinct <= _ROWS_OF_GROUPS
        and any(word in column.name.lower().split("_") or (len(word) > 3 and word in
                column.name.lower()) for word in _PROTECTED_WORDS)
    ]  # fmt: skip


def render_starter(info: ModelInfo, columns: tuple[Column, ...], model: str, data: str) -> str:
    """Return the text of a starter audit.toml."""
    target = suggest_target(info, columns)
    protected = suggest_protected(columns, target)
    positive = info.classes[-1] if info.task == "binary" else ""
    lines = [
        "[audit]",
        f"name = {json.dumps(f'Audit of {Path(model).name}')}",
        f'task = "{info.task}"',
        "seed = 0",
        "",
        "[data]",
        f"path = {json.dumps(data)}",
        f"target = {json.dumps(target, ensure_ascii=False)}  # the true outcome: is this right?",
    ]
    if info.task == "binary":
        lines.append(f"positive = {json.dumps(positive)}  # the favourable value of the target")
    lines += [
        f"protected = {json.dumps(protected, ensure_ascii=False)}  # groups to compare",
        "",
        "[model]",
        f"path = {json.dumps(model)}",
    ]
    if info.task == "binary":
        fixed = [name for name in protected if name in info.features]
        lines += ["threshold = 0.5", "", "[recourse]", f"immutable = {json.dumps(fixed)}"]
    lines += ["", "[policy]", 'preset = "four-fifths"', ""]
    return "\n".join(lines)
