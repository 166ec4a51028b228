"""Writes the script that answers for a model: what a person sets, how it is loaded, the server.

The model's file is not opened. Every text that comes from outside stands in the script as a
Python literal, so that no name can become code.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from pprint import pformat

from audits.core.errors import InputError, near_misses, one_of
from audits.models.endpoint.spec import OUTPUTS, Task

_WIDTH = 96
_PARTS: Mapping[str, tuple[str, ...]] = {
    "joblib": ("joblib", "estimator"),
    "mlflow": ("mlflow", "estimator"),
    "keras": ("keras",),
    "torch": ("torch",),
    "statsmodels": ("statsmodels",),
    "h2o": ("h2o",),
    "python": ("python",),
}
KINDS = tuple(_PARTS)
"""The libraries that `assay host` knows how to load."""
_MATRIX_KINDS = ("keras", "torch")  # networks read numbers alone
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "joblib": (".joblib", ".pkl", ".pickle"),
    "keras": (".keras", ".h5", ".hdf5"),
    "torch": (".pt", ".pth", ".pt2"),
    "python": (".py",),
}
_TORCH_LOADS = {
    "program": 'torch.jit.load(str(FILE), map_location="cpu").eval()',
    "exported": "torch.export.load(FILE).module()",
    "pickle": 'torch.load(FILE, map_location="cpu", weights_only=False).eval()',
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What a person says of a model, as in `assay.endpoint/1`; None where the model is asked."""

    task: str | None = None
    classes: tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    output: str | None = None
    threshold: float | None = None

    def check(self) -> None:
        """Raise InputError where a word is unknown, or does not fit another."""
        tasks = {str(task): outputs for task, outputs in OUTPUTS.items()}
        if self.task is not None and self.task not in tasks:
            raise InputError(f"--task {self.task!r} is unknown; use one of {one_of(tasks)}")
        outputs = list(dict.fromkeys(name for task in self._tasks() for name in OUTPUTS[task]))
        if self.output is not None and self.output not in outputs:
            about = f" for the task {self.task}" if self.task else ""
            raise InputError(
                f"--output {self.output!r} is unknown{about}; use one of {one_of(outputs)}"
            )
        for name, values in (("classes", self.classes), ("features", self.features)):
            if values is not None and (len(set(values)) < len(values) or not all(values)):
                raise InputError(
                    f"--{name} {','.join(values)!r} names one twice or has an empty name; names "
                    "with commas are set in the script"
                )

    def _tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in OUTPUTS if self.task in (None, task))


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What stands at the top of a script.

    model: the file's path as seen from the script's folder. kinds: how columns are read:
    "number", "boolean" or "text".
    """

    kind: str
    model: str
    port: int = 8777
    declared: Declared = Declared()
    kinds: Mapping[str, str] = field(default_factory=dict)


def find_kind(model: Path) -> str:
    """Return the kind that a model's path shows. Raises InputError where it shows none."""
    if not model.exists():
        siblings = [item.name for item in model.parent.glob("*")]
        raise InputError(f"no model file {str(model)!r}{near_misses(model.name, siblings)}")
    if model.is_dir() and (model / "MLmodel").is_file():
        return "mlflow"
    for kind, suffixes in _SUFFIXES.items():
        if model.suffix.lower() in suffixes and model.is_file():
            return kind
    raise InputError(
        f"{model.name} does not show how it is loaded; add --kind with one of {one_of(KINDS)} "
        "(python: a file of yours with predict(frame), which can call anything)"
    )


def render_script(settings: HostSettings, model: Path) -> str:
    """Return the script's text. model: the file itself, of which only a torch archive's list of
    names is read. Raises InputError where the kind is unknown."""
    settings.declared.check()
    if settings.kind not in _PARTS:
        raise InputError(f"--kind {settings.kind!r} is unknown; use one of {one_of(KINDS)}")
    own, *shared = (_read_part(name) for name in _PARTS[settings.kind])
    own = own.replace("{{LOAD}}", _TORCH_LOADS[_find_torch_archive(model)])
    imports, _, rest = own.partition("\n\n")
    top = _read_part("top").replace(
        "{{IMPORTS}}", f"import numpy\nimport pandas\n{imports.strip()}"
    )
    sections = [top.replace("{{SETTINGS}}", _render_settings(settings)), rest, *shared]
    return "\n\n\n".join(part.strip("\n") for part in [*sections, _read_part("server")]) + "\n"


def _render_settings(settings: HostSettings) -> str:
    comments = {
        "task": '"binary", "multiclass" or "regression"',
        "classes": 'in the order of the model\'s outputs: ["no", "yes"]',
        "features": 'the model\'s columns in its order: ["age", "job"]',
        "output": '"probability", "logit", "score", "decision" or "value"',
        "threshold": 'of a "score": from which on the second class is decided',
    }
    lines = [f"FILE = SCRIPT.parent / {settings.model!r}", f"PORT = {settings.port!r}"]
    for name, comment in comments.items():
        value = getattr(settings.declared, name)
        shown = list(value) if isinstance(value, tuple) else value
        lines.append(f"{name.upper()} = {_literal(shown)}  # {comment}")
    lines.append("# How each column is read, as the audit's data has it: number, boolean or text")
    lines.append(f"KINDS = {_literal(dict(settings.kinds))}")
    lines.append(f"NEEDS_KINDS = {settings.kind not in _MATRIX_KINDS}")
    return "\n".join(lines)


def _literal(value: object) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=False, compact=True)


def _find_torch_archive(model: Path) -> str:
    """Return what a torch file holds, by the names in its archive; nothing is opened."""
    try:
        with zipfile.ZipFile(model) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "pickle"
    if any("/code/" in name for name in names):
        return "program"
    exported = ("archive_format", "serialized_exported_program.json")
    return "exported" if any(name.endswith(exported) for name in names) else "pickle"


def _read_part(name: str) -> str:
    folder = resources.files("audits.models.host") / "parts"
    return (folder / f"{name}.txt").read_text(encoding="utf-8")
