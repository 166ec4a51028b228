"""Which number of one run is which of the other, and which of them say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audits.core.groups import JOIN
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.report import AuditReport

MIRRORS = {
    "true_negative_rate": "false_positive_rate",
    "false_negative_rate": "true_positive_rate",
    "false_discovery_rate": "positive_predictive_value",
    "false_omission_rate": "negative_predictive_value",
}
MIRRORS |= {f"{one}_difference": f"{other}_difference" for one, other in MIRRORS.items()}
MIRRORS |= {"selection_rate_ratio": "impact_ratio"}
"""Metrics that say what another one says; one of the two is tested and listed."""


@dataclass(frozen=True, slots=True)
class Match:
    """A number in both runs, or in one. moved: why the two cannot be set against each other."""

    before: Measurement | None
    after: Measurement | None
    moved: str = ""

    @property
    def shown(self) -> Measurement:
        """The later one where there is one."""
        found = self.after if self.after is not None else self.before
        assert found is not None  # a match has one of the two
        return found


def match_measurements(before: AuditReport, after: AuditReport) -> Iterator[Match]:
    """Yield every number once, in the order of the later report, then what only the earlier has.

    Numbers are the same where their ids are, which hold metric, attribute, group, reference group
    and slice. A number whose reference group alone changed is paired with its old self, and says
    so: 0.8 of one group's rate is not 0.8 of another's.
    """
    old = before.by_id
    unmatched = {_loose(item): item for item in before.measurements if item.id not in after.by_id}
    taken: set[str] = set()
    for item in after.measurements:
        found = old.get(item.id)
        if found is not None:
            yield Match(found, item)
            continue
        other = unmatched.get(_loose(item))
        if other is None or item.reference_group is None:
            yield Match(None, item)
            continue
        taken.add(other.id)
        yield Match(other, item, "set against another group than before")
    for item in before.measurements:
        if item.id not in after.by_id and item.id not in taken:
            yield Match(item, None)


def _loose(item: Measurement) -> tuple[str, ...]:
    parts = (item.check, item.metric, item.attribute, item.group, item.part_text)
    return tuple(part or "" for part in parts)


def find_twin(item: Measurement, known: AuditReport) -> str | None:
    """Return the id of the number that says what this one says; None where there is none."""
    metric = MIRRORS.get(item.metric)
    if metric is None:
        return None
    parts = (item.attribute, item.group, item.reference_group, item.part)
    twin = known.by_id.get(measurement_id(metric, *parts))
    if twin is None or twin.estimate is None or item.estimate is None:
        return None
    return twin.id


def uses_column(attribute: str | None, columns: Sequence[str]) -> bool:
    """Return whether an attribute, or an intersection, is made of one of the columns."""
    if attribute is None:
        return False
    return attribute in columns or any(
        attribute.startswith(f"{name}{JOIN}") or attribute.endswith(f"{JOIN}{name}")
        for name in columns
    )
