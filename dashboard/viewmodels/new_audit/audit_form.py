"""What somebody has entered for a new audit. It is kept beside the runs, so that leaving the page,
a reload, or sending the address to a colleague loses nothing."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Self

from audits.data import FileForm
from dashboard.viewmodels.new_audit.uploads import INPUTS

_FILE = "form.json"
_PREFIX = "form-"
_KEPT_S = 14 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class AuditForm:
    """The entries. None: not touched, so that the guess stands.

    roles, edges and moves hold corrections only: a column's role, a protected column's cuts as
    typed, what of `[recourse]` is said of a feature. meanings: what the values of a column mean
    (see `audit_values`). stands_for: which value of the outcome the model's second class stands
    for; None leaves that to rows with known outcomes. threshold: None is the model's own rule,
    else 0.5; own_rule insists on the former. preset: "" is the policy that is made for the task.
    encoding, delimiter, decimal, sheet, output, direction: "" is what the files show. features:
    the data's columns by the model's inputs; classes: the outcome's values by the model's names for
    several classes. opened: fields that a refusal asked for, which stand
    where it did; others are folded away (see `components.audit_reading`).
    """

    data: str = ""
    reference: str = ""
    model: str = ""
    spec: str = ""
    with_model: bool = True
    name: str | None = None
    task: str | None = None
    missing: tuple[str, ...] | None = None
    roles: dict[str, str] = field(default_factory=dict)
    edges: dict[str, str] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    positive: str | None = None
    meanings: dict[str, dict[str, str]] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    sheet: str = ""
    output: str = ""
    features: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    direction: str = ""
    top: float | None = None
    opened: tuple[str, ...] = ()
    own_rule: bool = False
    threshold: float | None = None
    preset: str = ""
    stands_for: str | None = None
    asked: bool = False

    def change(self, **changes: object) -> Self:
        """Return the form with other entries. Another data file has other columns, another model
        other inputs and outputs."""
        if "data" in changes and changes["data"] != self.data:
            fresh: dict[str, object] = {
                "missing": None, "roles": {}, "edges": {}, "moves": {}, "positive": None,
                "meanings": {}, "task": None, "name": None, "stands_for": None, "asked": False,
                "encoding": "", "delimiter": "", "decimal": "", "sheet": "", "features": {},
                "classes": {}, "direction": "", "top": None, "opened": (),
            }  # fmt: skip
            changes = fresh | changes
        if "model" in changes and changes["model"] != self.model:
            other: dict[str, object] = {
                "output": "", "features": {}, "classes": {}, "stands_for": None, "own_rule": False,
            }  # fmt: skip
            changes = other | changes
        return replace(self, **changes)  # type: ignore[arg-type]


def read_file_form(form: AuditForm) -> FileForm:
    """Return what is declared of how the data's files are written. Raises InputError where no
    file is written so."""
    return FileForm(
        form.encoding or None, form.delimiter or None, form.decimal or None, form.sheet or None
    )


def make_form_id() -> str:
    """Return a name for a new form: nobody guesses another's."""
    return secrets.token_hex(8)


def find_form_folder(root: Path, number: str) -> Path | None:
    """Return where a form and its uploads lie; None for anything that is no form's name."""
    if not re.fullmatch(r"[0-9a-f]{16}", number):
        return None
    return (root / INPUTS / f"{_PREFIX}{number}").absolute()


def load_form(folder: Path) -> AuditForm:
    """Return the form that lies in a folder; an empty one where there is none, or it is broken."""
    try:
        stored = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        known = {one.name for one in fields(AuditForm)}
        values = {key: value for key, value in stored.items() if key in known}
        if values.get("missing") is not None:
            values["missing"] = tuple(values["missing"])
        values["opened"] = tuple(values.get("opened", ()))
        return AuditForm(**values)
    except (OSError, ValueError, TypeError, AttributeError):
        return AuditForm()


def save_form(folder: Path, form: AuditForm) -> None:
    """Write the form down; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_FILE}.{secrets.token_hex(4)}"
    partial.write_text(json.dumps(asdict(form), ensure_ascii=False), encoding="utf-8")
    partial.replace(folder / _FILE)


def remove_old_forms(root: Path) -> None:
    """Remove forms that nobody touched for two weeks, with their uploads, unless a run's settings
    name one of its files: the run's pages still read them."""
    settings = [*root.glob("*/audit.toml"), *(root / INPUTS).glob("*/audit.toml")]
    used = [file.read_text(encoding="utf-8", errors="replace") for file in settings]
    for folder in (root / INPUTS).glob(f"{_PREFIX}*"):
        stored = folder / _FILE
        age = time.time() - (stored if stored.is_file() else folder).stat().st_mtime
        if age > _KEPT_S and not any(folder.name in text for text in used):
            shutil.rmtree(folder, ignore_errors=True)
