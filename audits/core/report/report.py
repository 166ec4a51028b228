"""The audit report, schema `assay.report/1`: the one thing that the command, the dashboard and
the card read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from audits.core.report.estimate import Frozen
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.core.report.verdict import Verdict

SCHEMA: Literal["assay.report/1"] = "assay.report/1"

OF_PARTS = ("rules.", "performance.classes", "performance.slices")
"""How the codes begin of checks whose numbers bear the names of others but are of other rows or
outcomes: a law's own tables, one class against the rest, slices."""


class CheckStatus(StrEnum):
    """How a check ended."""

    MEASURED = "measured"
    NOT_APPLICABLE = "not_applicable"
    SKIPPED = "skipped"
    ERROR = "error"


class CheckOutcome(Frozen):
    """One check's end; `reason` is empty only when it measured."""

    code: str
    title: str
    status: CheckStatus
    reason: str = ""
    seconds: float = Field(ge=0)


class Evidence(Frozen):
    """One file of the bundle, relative to the run's folder."""

    path: str
    sha256: str
    rows: int = Field(ge=0)
    description: str


class Tool(Frozen):
    """Which Assay made the report. `revision` is the commit, "" where unknown."""

    name: str
    version: str
    revision: str


class Environment(Frozen):
    """Versions that the numbers may depend on."""

    python: str
    packages: dict[str, str]


class Run(Frozen):
    """The circumstances of one audit. Only `created` and durations differ between repeats."""

    id: str
    created: str
    tool: Tool
    seed: int
    device: str
    duration_s: float
    environment: Environment

    @property
    def day(self) -> date | None:
        """The day of the audit, by which waivers hold or have expired; None if it is not known."""
        try:
            return date.fromisoformat(self.created[:10])
        except ValueError:
            return None


class ModelSubject(Frozen):
    """The audited model's file."""

    format: str
    path: str
    sha256: str
    classes: tuple[str, ...]
    n_features: int


class DataSubject(Frozen):
    """The data the audit read. `positive` is None for regression and multiclass."""

    source: str
    sha256: str
    rows: int
    columns: int
    target: str | None
    positive: str | None
    protected: tuple[str, ...]


class Subject(Frozen):
    """What was audited: a model with data, or decisions alone (`model` is None)."""

    name: str
    task: Literal["binary", "multiclass", "regression"]
    model: ModelSubject | None
    data: DataSubject
    reference: DataSubject | None


class Notice(Frozen):
    """Something about the data, the model or the settings that a reader must know, though it
    stopped nothing: groups that differ only by case, a setting that had no effect.

    code names its kind (`data.similar_groups`); text is one sentence for people.
    """

    code: str
    text: str


class SpecRecord(Frozen):
    """The audit's settings: what was in force, and what the author wrote."""

    effective: dict[str, Any]
    explicit: dict[str, Any]


class AuditReport(Frozen):
    """One finished audit, frozen. Measurement ids are unique; verdicts refer to them."""

    schema_: Literal["assay.report/1"] = Field(default=SCHEMA, alias="schema")
    run: Run
    subject: Subject
    spec: SpecRecord
    checks: tuple[CheckOutcome, ...]
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]
    evidence: tuple[Evidence, ...]
    notices: tuple[Notice, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [measurement.id for measurement in self.measurements]
        known = set(ids)
        if len(ids) != len(known):
            twice = sorted({name for name in ids if ids.count(name) > 1})
            raise ValueError(f"measurement ids are not unique: {twice[:5]}")
        for verdict in self.verdicts:
            if verdict.measurement not in known:
                raise ValueError(f"verdict on an unknown measurement: {verdict.measurement!r}")
        return self

    @cached_property
    def by_id(self) -> dict[str, Measurement]:
        """Measurements by their id."""
        return {measurement.id: measurement for measurement in self.measurements}

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> AuditReport:
        """Return a copy with other fields, without what was looked up in the old ones."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("by_id", None)
        return copied

    def find(self, metric: str, **where: str | Part | None) -> tuple[Measurement, ...]:
        """Return the measurements of `metric` whose named fields equal the given values."""
        return tuple(
            item
            for item in self.measurements
            if item.metric == metric
            and all(getattr(item, name) == value for name, value in where.items())
        )

    def to_json(self) -> str:
        """Return the canonical text of the report (the only serialisation there is)."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> AuditReport:
        """Read a report. Raises pydantic.ValidationError on anything that is not one."""
        return cls.model_validate_json(text)
