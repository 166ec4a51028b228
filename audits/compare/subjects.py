"""Whether two runs ask the same question, and what else differs between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audits.compare.comparison import CheckChange, Difference, RunRef
from audits.core.errors import InputError
from audits.core.report.report import AuditReport, CheckOutcome
from audits.core.settings.spec import AuditSpec

POLICY = "policy_in_force"
"""The key of the settings in force under which a report keeps its policy's rules."""

_FILES = ("data.path", "data.reference", "model.path")
"""Settings that say what the subject says too."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an audit asks: runs of another one cannot be compared."""

    task: str
    target: str | None
    positive: str | None


def ask(report: AuditReport) -> Question:
    """Return the question that a run answered."""
    data = report.subject.data
    return Question(report.subject.task, data.target, data.positive)


def ask_before(spec: AuditSpec) -> Question:
    """Return the question that an audit will answer."""
    positive = spec.data.positive if spec.audit.task == "binary" else None
    return Question(spec.audit.task, spec.data.target, None if positive is None else str(positive))


def check_comparable(before: Question, after: Question) -> None:
    """Raise InputError where the runs are about different questions: task, target or outcome."""
    if before.task != after.task:
        raise InputError(
            f"these runs cannot be compared: the first is {before.task}, the second {after.task}; "
            "choose two runs of the same task"
        )
    for name, old, new in (
        ("target", before.target, after.target),
        ("favourable value", before.positive, after.positive),
    ):
        if old != new:
            raise InputError(
                f"these runs cannot be compared: the {name} is {_show(old)} in the first and "
                f"{_show(new)} in the second; choose two runs of the same question"
            )


def refer(report: AuditReport) -> RunRef:
    """Return which run a report is of."""
    subject = report.subject
    return RunRef(report.run.id, subject.name, report.run.created, subject.data.rows)


def find_left_out(before: AuditReport, after: AuditReport) -> tuple[str, ...]:
    """Return the protected columns that only one of the runs has."""
    one, other = before.subject.data.protected, after.subject.data.protected
    return tuple(name for name in (*one, *other) if (name in one) != (name in other))


def list_differences(before: AuditReport, after: AuditReport) -> tuple[Difference, ...]:
    """Return what is not the same in both runs: files, settings, rules, versions."""
    pairs = zip(_describe(before), _describe(after), strict=True)
    found: list[Difference] = []
    for (topic, old), (_, new) in pairs:
        for name in dict.fromkeys((*old, *new)):
            one, other = old.get(name, ""), new.get(name, "")
            if one != other:
                found.append(Difference(topic, name, one, other))
    return tuple(found)


def _describe(report: AuditReport) -> Iterator[tuple[str, dict[str, str]]]:
    subject, run = report.subject, report.run
    model, data, reference = subject.model, subject.data, subject.reference
    yield "model", {} if model is None else {
        "file": model.path, "format": model.format, "sha256": model.sha256,
        "features": str(model.n_features),
    }  # fmt: skip
    yield "data", {
        "file": data.source, "sha256": data.sha256, "rows": f"{data.rows:,}",
        "columns": str(data.columns), "protected": ", ".join(data.protected),
        "reference file": "" if reference is None else reference.source,
        "reference sha256": "" if reference is None else reference.sha256,
    }  # fmt: skip
    settings = dict(report.spec.effective)
    policy = settings.pop(POLICY, {})
    yield "settings", dict(_flatten(settings, ""))
    yield "policy", dict(_flatten(policy, ""))
    yield "circumstances", {
        "Assay": run.tool.version, "Python": run.environment.python, "device": run.device,
        **{f"package {name}": version for name, version in run.environment.packages.items()},
    }  # fmt: skip


def _flatten(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield (dotted path, text) of every single setting; lists of plain values are one."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flatten(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        for place, part in enumerate(value):
            named = part.get("name", place) if isinstance(part, Mapping) else place
            yield from _flatten(part, f"{path}[{named}]")
    elif value not in (None, "", [], ()) and path not in _FILES:
        yield path, _show(value)


def _show(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(_show(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def list_checks(before: AuditReport, after: AuditReport) -> tuple[CheckChange, ...]:
    """Return the checks that are not in both runs, or ended in another way."""
    one = {check.code: check for check in before.checks}
    other = {check.code: check for check in after.checks}
    found = []
    for code in dict.fromkeys((*other, *one)):
        old, new = one.get(code), other.get(code)
        if _status(old) != _status(new):
            shown = one[code] if new is None else new
            found.append(CheckChange(code, shown.title, old, new))
    return tuple(found)


def _status(check: CheckOutcome | None) -> str:
    return "" if check is None else check.status.value
