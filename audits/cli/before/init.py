"""`assay init`: a starter audit.toml from what is found in the files."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec, Task
from audits.core.settings.toml_file import render_key, render_value
from audits.core.words.harms import ask_harm, looks_like_harm
from audits.data import (
    PLAIN,
    DataPreview,
    FileForm,
    Roles,
    guess_positive,
    guess_roles,
    inspect_data,
)
from audits.meaning import UndecidedError, try_meaning
from audits.models import ModelClient, ModelInfo, open_model
from audits.policy import DEFAULT_PRESETS

RECOURSE = "# protected columns stay, an age only rises; else name them: mutable, immutable, ..."
CHANGE = "CHANGE ME"
"""Stands where only a person can say what is right; an audit refuses it."""


def init_command(model: Path, data: Path, out: Path, form: FileForm = PLAIN) -> None:
    """Look into both files and write `out`. form: what is declared of the data's file, which is
    written down. Raises InputError where `out` exists already."""
    if out.exists():
        raise InputError(f"{str(out)!r} exists already; name another file with --out")
    preview, missing = inspect_with_missing(data.absolute(), form)
    client: ModelClient
    with open_model(model) as client:
        info = client.info
    base = out.absolute().parent
    at_model, at_data = (os.path.relpath(path.absolute(), base) for path in (model, data))
    text = render_starter(info, preview, missing, at_model, at_data, form)
    inferred = infer_meaning(text, base)
    text = render_starter(info, preview, missing, at_model, at_data, form, inferred)
    out.write_text(text, encoding="utf-8")
    for question in (_find_question(text), inferred.problem):
        if question:
            print(question, file=sys.stderr)
    if CHANGE in text:
        print(f"Wrote {out}: put the right values where it says {CHANGE}, then", file=sys.stderr)
    else:
        print(f"Wrote {out}: check the target and the protected columns, then", file=sys.stderr)
    print(f"  assay run {out}", file=sys.stderr)


def infer_meaning(starter: str, base: Path) -> Inferred:
    """Try the starter's model on the rows with a known outcome; what they said, or why nothing."""
    if CHANGE in starter:
        return Inferred()
    try:
        spec = AuditSpec.model_validate(tomllib.loads(starter))
        meaning = try_meaning(spec, base)
    except UndecidedError as error:
        return Inferred(classes=(f"{CHANGE} 0", f"{CHANGE} 1"), problem=str(error))
    except InputError as error:
        return Inferred(problem=str(error))
    except ValidationError:
        return Inferred()
    if meaning.output is None or meaning.ranking is None or spec.data.positive is None:
        return Inferred()
    evidence = (
        f'output {meaning.output} ranks rows with "{spec.data.positive}" higher: {meaning.ranking}'
    )
    return Inferred(classes=meaning.classes if meaning.notices else (), evidence=evidence)


def _find_question(starter: str) -> str:
    """Return what to ask where the value that was guessed looks like a harm, "" where not."""
    data = tomllib.loads(starter)["data"]
    return ask_harm(data["target"], data["positive"]) if "positive" in data else ""


def inspect_with_missing(data: Path, form: FileForm = PLAIN) -> tuple[DataPreview, tuple[str, ...]]:
    """Look into a file as it reads once the texts that surely mean "no value" are declared."""
    preview = inspect_data(data, form=form)
    missing = tuple(found.text for found in preview.missing if found.sure)
    return (inspect_data(data, missing, form) if missing else preview), missing


# The text of a starter audit.toml: what was found, what was inferred and from what.


@dataclass(frozen=True, slots=True)
class Inferred:
    """What rows with known outcomes said of the model's outputs: their names and from what, or
    what is in the way."""

    classes: tuple[str, ...] = ()
    evidence: str = ""
    problem: str = ""


def render_starter(
    info: ModelInfo,
    preview: DataPreview,
    missing: tuple[str, ...],
    model: str,
    data: str,
    form: FileForm = PLAIN,
    inferred: Inferred = Inferred(),
) -> str:
    """Return the text of a starter audit.toml. model, data: their paths from the file's folder;
    form: what was declared of how the data's file is written."""
    is_open = info.task == "regression"  # a network may answer a probability all the same
    roles = guess_roles(
        [one.column for one in preview.columns], rows=preview.looked, features=info.features,
        task=None if is_open else info.task, classes=len(info.classes),
    )  # fmt: skip
    found = preview.by_name[roles.target].column if roles.target else None
    is_two = found is not None and found.distinct == 2
    task: Task = "binary" if is_open and is_two else info.task
    lines = [
        "[audit]",
        f"name = {render_value(f'Audit of {Path(model).name}')}",
        f'task = "{task}"',
        "seed = 0",
        "",
        *_render_data(info, preview, roles, task, data, missing, form),
        "",
        "[model]",
        f"path = {render_value(model)}",
        *_render_meaning(info, preview, roles, task, inferred),
    ]
    if task == "binary":
        lines += ["", "[recourse]", RECOURSE]
    lines += ["", "[policy]", f"preset = {render_value(DEFAULT_PRESETS[task])}", ""]
    return "\n".join(lines)


def _render_data(
    info: ModelInfo,
    preview: DataPreview,
    roles: Roles,
    task: Task,
    data: str,
    missing: tuple[str, ...],
    form: FileForm,
) -> Iterator[str]:
    target = roles.target or CHANGE
    yield "[data]"
    yield f"path = {render_value(data)}"
    for name, value in form.list_declared():
        yield f"{name} = {render_value(value)}"
    yield f"target = {render_value(target)}  # the true outcome: is this right?"
    if task == "binary":
        values = preview.by_name[roles.target].values if roles.target else ()
        positive = guess_positive(target, values)
        shown = (info.classes or ("",))[-1] if positive is None else positive
        note = "looks like a harm: is it what people hope for?"
        about = note if looks_like_harm(target, shown) else "the favourable value of the target"
        yield f"positive = {render_value(shown)}  # {about}"
    yield f"protected = {render_value(roles.protected)}  # groups to compare"
    for role, name in (("id", roles.id), ("weight", roles.weight)):
        if name:
            yield f"{role} = {render_value(name)}"
    if missing:
        yield f"missing = {render_value(missing)}  # texts that mean: no value"
    yield from _render_edges(preview, roles.protected)


def _render_meaning(
    info: ModelInfo, preview: DataPreview, roles: Roles, task: Task, inferred: Inferred
) -> Iterator[str]:
    """Yield what `[model]` says of inputs, outputs and decisions, each with its reason."""
    if inferred.problem:
        yield f"# {inferred.problem}"
    if inferred.classes:
        yield f"classes = {render_value(inferred.classes)}" + (
            f"  # {inferred.evidence}" if inferred.evidence else "  # in the model's order"
        )
    if task != info.task:
        yield (
            f'output = "{CHANGE}"  # the model answers one number a row: "probability", "logit" '
            'or "score" (only its order counts)'
        )
    absent = [name for name in info.features if name not in preview.by_name]
    if absent and len(absent) == len(info.features):
        taken = {roles.target, roles.id, roles.weight}
        free = [name for name in preview.names if name not in taken]
        yield (
            f"features = {render_value([CHANGE])}  # the columns for the model's "
            f"{len(info.features)} inputs, in its order; there are "
            f"{', '.join(map(render_value, free[:40]))}"
        )
    if task == "binary":
        rule = 'threshold = "model"  # it has a rule of its own'
        stated = "" if info.stated is None else f": selected from {info.stated:g} on"
        yield rule + stated if info.rule == "own" else "threshold = 0.5"


def _render_edges(preview: DataPreview, protected: tuple[str, ...]) -> list[str]:
    cut = {name: preview.by_name[name].edges for name in protected if preview.by_name[name].edges}
    if not cut:
        return []
    lines = [f"{render_key(name)} = {render_value(edges)}" for name, edges in cut.items()]
    return ["", "[data.edges]  # where numbers are cut into groups", *lines]
