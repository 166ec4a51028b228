"""A new audit's settings as they are drafted, and the `audit.toml` that they make."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from audits.core.errors import InputError
from audits.core.settings.recourse import Scalar
from audits.core.settings.spec import AuditSpec, Task
from audits.core.settings.toml_file import describe_problem, render_key, render_value
from dashboard.viewmodels.new_audit.uploads import INPUTS


@dataclass(frozen=True, slots=True)
class Draft:
    """An audit as it is being set up. Empty texts are not chosen yet. moves: settings of
    `[recourse]` with the columns that they name. file: settings of how the files are written.
    spellings: by column, other ways to write its values. features: the data's columns by the
    model's inputs. decision, against, undecided: what of the decisions is favourable, what is not,
    and whose rows are left out."""

    name: str
    task: Task
    data: str
    target: str
    positive: Scalar | None
    protected: tuple[str, ...]
    model: str = ""
    classes: tuple[str, ...] = ()
    threshold: float | Literal["model"] | None = None
    label: str = ""
    score: str = ""
    preset: str = "four-fifths"
    edges: tuple[tuple[str, tuple[float, ...]], ...] = ()
    moves: tuple[tuple[str, tuple[str, ...]], ...] = ()
    legitimate: tuple[str, ...] = ()
    reference: str = ""
    id: str = ""
    weight: str = ""
    missing: tuple[str, ...] = ()
    drop: tuple[Scalar, ...] = ()
    negative: tuple[Scalar, ...] = ()
    spellings: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = ()
    file: tuple[tuple[str, str], ...] = ()
    output: str = ""
    features: tuple[tuple[str, str], ...] = ()
    decision: Scalar | None = None
    against: tuple[Scalar, ...] = ()
    undecided: tuple[Scalar, ...] = ()
    direction: str = ""
    top: float | None = None


def read_edges(text: str) -> tuple[float, ...] | None:
    """Return the numbers of "25, 60" in rising order, None where it is not such a list."""
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    try:
        return tuple(sorted({float(part) for part in parts}))
    except ValueError:
        return None


def render_audit_toml(draft: Draft) -> str:
    """Return the `audit.toml` of a draft."""
    sections: list[tuple[str, list[tuple[str, object]]]] = [
        ("audit", [("name", draft.name.strip()), ("task", draft.task)]),
        ("data", _list_data(draft)),
    ]
    if draft.edges:
        sections.append(("data.edges", [(name, list(cuts)) for name, cuts in draft.edges]))
    for column, spelled in draft.spellings:
        name = f"data.spellings.{render_key(column)}"
        sections.append((name, [(value, list(others)) for value, others in spelled]))
    if draft.model:
        sections.append(("model", _list_model(draft)))
        if draft.moves:
            sections.append(("recourse", [(key, list(names)) for key, names in draft.moves]))
    else:
        sections.append(("predictions", _list_predictions(draft)))
    sections.append(("policy", [("preset", draft.preset)]))
    return "\n".join(_render_section(name, pairs) for name, pairs in sections)


def _list_model(draft: Draft) -> list[tuple[str, object]]:
    model: list[tuple[str, object]] = [("path", draft.model)]
    if draft.output:
        model.append(("output", draft.output))
    if draft.features:
        model.append(("features", dict(draft.features)))
    if draft.classes:
        model.append(("classes", list(draft.classes)))
    if draft.task == "binary" and draft.threshold is not None:
        model.append(("threshold", draft.threshold))
    return model


def _list_predictions(draft: Draft) -> list[tuple[str, object]]:
    given: list[tuple[str, object]] = [("label", draft.label), ("score", draft.score)]
    if draft.label:
        given += [("negative", list(draft.against)), ("drop", list(draft.undecided))]
    elif draft.score:
        given += [("threshold", draft.threshold), ("top", draft.top)]
    if draft.score:
        given.append(("direction", draft.direction))
    found = [(key, value) for key, value in given if value not in ("", [], None)]
    if draft.label and draft.decision is not None:
        found.insert(1, ("positive", draft.decision))
    return found


def _list_data(draft: Draft) -> list[tuple[str, object]]:
    data: list[tuple[str, object]] = [("path", draft.data), *draft.file]
    if draft.target:
        data.append(("target", draft.target))
    if draft.positive is not None and draft.task == "binary":
        data.append(("positive", draft.positive))
        data += [("negative", list(draft.negative))] if draft.negative else []
    data.append(("protected", list(draft.protected)))
    data += [("drop", list(draft.drop))] if draft.drop else []
    lists = (("legitimate", draft.legitimate), ("missing", draft.missing))
    data += [(key, list(names)) for key, names in lists if names]
    texts = (("reference", draft.reference), ("id", draft.id), ("weight", draft.weight))
    return [*data, *((key, text) for key, text in texts if text)]


def _render_section(name: str, pairs: Sequence[tuple[str, object]]) -> str:
    lines = [f"[{name}]", *(f"{render_key(key)} = {render_value(value)}" for key, value in pairs)]
    return "\n".join(lines) + "\n"


def name_folder(name: str, now: datetime) -> str:
    """Return the folder's name of a new run: short, safe, and with its time."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48] or "audit"
    return f"{slug}-{now:%Y%m%d-%H%M%S}"


def parse_spec(draft: Draft) -> AuditSpec:
    """Return a draft's settings, checked as those of a file are. Raises InputError."""
    try:
        return AuditSpec.model_validate(tomllib.loads(render_audit_toml(draft)))
    except ValidationError as error:
        raise InputError(describe_problem(error, AuditSpec)) from error


def save_draft(root: Path, folder: str, draft: Draft) -> Path:
    """Write the draft's `audit.toml` into the inputs of a new run."""
    target = root / INPUTS / folder / "audit.toml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_audit_toml(draft), encoding="utf-8")
    return target
