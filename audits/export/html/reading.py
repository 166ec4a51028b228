"""A report as the offline file reads it: indexed, and silent about groups of a few rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

from audits.core.groups import JOIN
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.core.report.measurement import Measurement
from audits.core.report.report import OF_PARTS, AuditReport


class Reading:
    """A report's measurements by metric, attribute and group, and which groups are named only."""

    def __init__(
        self,
        report: AuditReport,
        rows: Mapping[tuple[str | None, str], int],
        least: int = MIN_ROWS_TO_SHOW,
    ) -> None:
        """`rows` has the number of rows of every group of every grouping, as the cube has it."""
        self.report = report
        self.least = least
        self._rows = rows
        self._index: dict[tuple[str, str | None], list[Measurement]] = defaultdict(list)
        for item in report.measurements:
            if not item.check.startswith(OF_PARTS):
                self._index[item.metric, item.attribute].append(item)

    def by_group(self, metric: str, attribute: str | None) -> list[Measurement]:
        """Return the metric's measurements of one attribute, in the report's order."""
        return self._index.get((metric, attribute), [])

    def overall(self, metric: str) -> Measurement | None:
        """Return the metric of the whole data, None where it was not measured."""
        return next((x for x in self.by_group(metric, None) if x.part is None), None)

    def find_reference(self, attribute: str) -> str | None:
        """Return the group that others of an attribute are compared with."""
        for metric in ("selection_rate_difference", "accuracy_difference",
                       "mean_absolute_error_difference"):  # fmt: skip
            for item in self.by_group(metric, attribute):
                if item.reference_group is not None:
                    return item.reference_group
        return None

    def is_small(self, item: Measurement) -> bool:
        """Whether a measurement is about a group of too few rows to tell its numbers.

        Of groups that are not the cube's, the rows that the number rests on count.
        """
        named = [group for group in (item.group, item.reference_group) if group is not None]
        rested = self.least if item.estimate is None else item.estimate.n
        return any(self._rows.get((item.attribute, x), rested) < self.least for x in named)


def list_groupings(report: AuditReport) -> list[tuple[str, tuple[str, ...]]]:
    """Return every protected attribute, then every two of them: name and columns."""
    names = report.subject.data.protected
    singles = [(name, (name,)) for name in names]
    return singles + [(JOIN.join(pair), pair) for pair in combinations(names, 2)]
