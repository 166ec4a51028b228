"""`assay host`: a script that answers for a model in its owner's own environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from audits.cli.before.init import inspect_with_missing
from audits.cli.terminal import explain_unwritable
from audits.core.errors import InputError, near_misses, one_of
from audits.models import Declared, HostSettings, find_kind, render_script

_KINDS = {"integer": "number", "number": "number", "boolean": "boolean"}


def host_command(
    model: Path, kind: str | None, out: Path, data: Path | None, port: int, declared: Declared
) -> None:
    """Write the script and say what to run next.

    Raises InputError where the model or the data is not there, or `out` exists already.
    """
    if out.suffix != ".py":
        raise InputError(f"{out.name!r} must end in .py; name another file with --out")
    if out.exists():
        raise InputError(f"{str(out)!r} exists already; name another file with --out")
    found = find_kind(model) if kind is None or not model.exists() else kind
    path = Path(os.path.relpath(model.absolute(), out.absolute().parent)).as_posix()
    kinds = {} if data is None else _find_kinds(data)
    if kinds and (absent := [name for name in declared.features or () if name not in kinds]):
        hint = near_misses(absent[0], kinds) or f"; it has {one_of(kinds)}"
        raise InputError(f"--features: {data} has no column {absent[0]!r}{hint}")
    text = render_script(HostSettings(found, path, port, declared, kinds), model)
    with explain_unwritable(out):
        out.write_text(text, encoding="utf-8")
    description = out.with_suffix(".endpoint.json")
    steps = (
        f"Wrote {out}. Next:",
        f"  1. read it; its first {_count_own_lines(text)} lines are yours to change",
        f"  2. python {out}    with the Python in which the model works; leave it open",
        f"  3. assay init {description} {data or 'DATA.csv'}",
    )
    print("\n".join(steps), file=sys.stderr)


def _find_kinds(data: Path) -> dict[str, str]:
    look, _ = inspect_with_missing(data.absolute())
    return {one.column.name: _KINDS.get(one.column.kind, "text") for one in look.columns}


def _count_own_lines(text: str) -> int:
    return text[: text.index("# ---- The server")].count("\n")
