"""`assay init`: a starter audit.toml from what is found in the files."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

from audits.core.errors import InputError
from audits.core.harms import ask_harm, looks_like_harm
from audits.data.form import FileForm
from audits.data.guess import guess_positive, guess_roles
from audits.data.look import DataLook, inspect_data
from audits.data.source import PLAIN
from audits.models import ModelClient, ModelInfo, open_model
from audits.policy.policy import DEFAULT_PRESETS

RECOURSE = "# protected columns stay, an age only rises; else name them: mutable, immutable, ..."


def init_command(model: Path, data: Path, out: Path, form: FileForm = PLAIN) -> None:
    """Look into both files and write `out`. form: what is declared of the data's file, which is
    written down. Raises InputError where `out` exists already."""
    if out.exists():
        raise InputError(f"{str(out)!r} exists already; name another file with --out")
    look, missing = inspect_with_missing(data.absolute(), form)
    client: ModelClient
    with open_model(model) as client:
        info = client.info
    base = out.absolute().parent
    paths = tuple(os.path.relpath(path.absolute(), base) for path in (model, data))
    text = render_starter(info, look, missing, paths[0], paths[1], form)
    out.write_text(text, encoding="utf-8")
    if question := _find_question(text):
        print(question, file=sys.stderr)
    print(f"Wrote {out}: check the target and the protected columns, then", file=sys.stderr)
    print(f"  assay run {out}", file=sys.stderr)


def _find_question(starter: str) -> str:
    """Return what to ask where the value that was guessed looks like a harm, "" where not."""
    data = tomllib.loads(starter)["data"]
    return ask_harm(data["target"], data["positive"]) if "positive" in data else ""


def inspect_with_missing(data: Path, form: FileForm = PLAIN) -> tuple[DataLook, tuple[str, ...]]:
    """Look into a file as it reads once the texts that surely mean "no value" are declared."""
    look = inspect_data(data, form=form)
    missing = tuple(found.text for found in look.missing if found.sure)
    return (inspect_data(data, missing, form) if missing else look), missing


def render_starter(
    info: ModelInfo,
    look: DataLook,
    missing: tuple[str, ...],
    model: str,
    data: str,
    form: FileForm = PLAIN,
) -> str:
    """Return the text of a starter audit.toml."""
    columns = [one.column for one in look.columns]
    roles = guess_roles(
        columns, rows=look.looked, features=info.features, task=info.task, classes=len(info.classes)
    )
    target = roles.target or "CHANGE ME"
    lines = [
        "[audit]",
        f"name = {_quote(f'Audit of {Path(model).name}')}",
        f'task = "{info.task}"',
        "seed = 0",
        "",
        "[data]",
        f"path = {_quote(data)}",
        *(f"{name} = {_quote(value)}" for name, value in form.list_declared()),
        f"target = {_quote(target)}  # the true outcome: is this right?",
    ]
    if info.task == "binary":
        values = look.by_name[roles.target].values if roles.target else ()
        positive = guess_positive(target, values)
        shown = info.classes[-1] if positive is None else positive
        note = "looks like a harm: is it what people hope for?"
        about = note if looks_like_harm(target, shown) else "the favourable value of the target"
        lines.append(f"positive = {_quote(shown)}  # {about}")
    lines.append(f"protected = {_quote(roles.protected)}  # groups to compare")
    lines += [f"{role} = {_quote(name)}" for role, name in
              (("id", roles.id), ("weight", roles.weight)) if name]  # fmt: skip
    if missing:
        lines.append(f"missing = {_quote(missing)}  # texts that mean: no value")
    lines += _render_edges(look, roles.protected)
    lines += ["", "[model]", f"path = {_quote(model)}"]
    if info.task == "binary":
        lines += ["threshold = 0.5", "", "[recourse]", RECOURSE]
    lines += ["", "[policy]", f"preset = {_quote(DEFAULT_PRESETS[info.task])}", ""]
    return "\n".join(lines)


def _render_edges(look: DataLook, protected: tuple[str, ...]) -> list[str]:
    cut = {name: look.by_name[name].edges for name in protected if look.by_name[name].edges}
    if not cut:
        return []
    lines = [f"{_quote(name)} = {_quote(edges)}" for name, edges in cut.items()]
    return ["", "[data.edges]  # where numbers are cut into groups", *lines]


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
