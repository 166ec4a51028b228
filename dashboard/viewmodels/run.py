"""One run as the pages read it: the report indexed, the cube and its views kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from audits.core.groups import JOIN
from audits.core.limits import MIN_ROWS_TO_JUDGE
from audits.core.report.measurement import Measurement
from audits.core.report.report import OF_PARTS, AuditReport
from audits.core.settings.spec import AuditSpec
from audits.cube import Cube, Sweep, View, compute_view, list_thresholds
from audits.policy import IN_FORCE, Policy
from audits.slices import Mask
from audits.store import Bundle

SLIDER = np.arange(101) / 100
"""The slider's thresholds, as decimals: 0.29 is the number that "0.29" reads as."""
SWEEP_STEPS = 400
"""So many scores are tried as thresholds besides, spread evenly over the rows."""


@dataclass(frozen=True, slots=True)
class CohortView:
    """Which rows of a run are looked at. inside: `[rows of the run]`."""

    conditions: tuple[str, ...]
    inside: Mask

    @property
    def rows(self) -> int:
        """How many rows are inside."""
        return int(self.inside.sum())


class RunData:
    """A bundle with what is worked out from it once: safe to share between sessions."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.report: AuditReport = bundle.report
        self._sweeps: dict[str | None, Sweep] = {}
        self._views: dict[str | None, View] = {}
        self._index: dict[tuple[str, str | None], list[Measurement]] = defaultdict(list)
        for item in self.report.measurements:
            if item.check.startswith(OF_PARTS):
                continue
            self._index[item.metric, item.attribute].append(item)

    @property
    def whole(self) -> RunData:
        """The run of all rows, also where this one is seen through a cohort."""
        return self

    @property
    def cohort(self) -> CohortView | None:
        """The cohort that this run is seen through; None for all rows."""
        return None

    @property
    def task(self) -> str:
        """The kind of prediction."""
        return self.report.subject.task

    @property
    def has_model(self) -> bool:
        """Whether a model was audited, not decisions alone."""
        return self.report.subject.model is not None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The protected columns."""
        return self.report.subject.data.protected

    @property
    def pairs(self) -> tuple[str, ...]:
        """The intersections of two protected columns, as the report names them."""
        return tuple(JOIN.join(pair) for pair in combinations(self.attributes, 2))

    @property
    def groupings(self) -> tuple[str, ...]:
        """Every protected column, then every two of them."""
        return (*self.attributes, *self.pairs)

    @cached_property
    def spec(self) -> AuditSpec:
        """The settings in force."""
        settings = dict(self.report.spec.effective)
        settings.pop(IN_FORCE, None)
        return AuditSpec.model_validate(settings)

    @cached_property
    def policy(self) -> Policy | None:
        """The rules that judged this run, as they were then; None where the report has none."""
        stored = self.report.spec.effective.get(IN_FORCE)
        return None if stored is None else Policy.model_validate(stored)

    @property
    def min_rows(self) -> int:
        """Groups with fewer rows that count are not judged."""
        return MIN_ROWS_TO_JUDGE if self.policy is None else self.policy.min_rows

    @cached_property
    def cube(self) -> Cube:
        """The audit cube."""
        return self.bundle.load_cube()

    def overall(self, metric: str) -> Measurement | None:
        """The metric of the whole data, None where it was not measured."""
        found = [item for item in self._index.get((metric, None), []) if item.part is None]
        return found[0] if found else None

    def by_group(self, metric: str, attribute: str | None) -> list[Measurement]:
        """The metric's measurements of one attribute, in the report's order."""
        return self._index.get((metric, attribute), [])

    def view(self, grouping: str | None, cube: Cube | None = None) -> View:
        """The cube by a grouping; with `cube`, another one than the run's own (not kept)."""
        names = split_grouping(grouping, self.attributes)
        if cube is not None:
            return compute_view(cube, names)
        if grouping not in self._views:
            self._views[grouping] = compute_view(self.cube, names)
        return self._views[grouping]

    def sweep(self, grouping: str | None) -> Sweep:
        """What every threshold would do to these groups; counted once, when first asked."""
        if grouping not in self._sweeps:
            view = self.view(grouping)
            audited = self.cube.threshold
            known = [] if audited is None or np.isnan(audited) else [audited]
            extra = np.array([*SLIDER, *known])
            # Memory: some 20 MB at most, however many groups there are.
            most = int(np.clip(400_000 // max(len(view.labels), 1), 100, SWEEP_STEPS))
            self._sweeps[grouping] = Sweep(view, list_thresholds(view, extra, most))
        return self._sweeps[grouping]

    def reference_group(self, grouping: str) -> str | None:
        """The group that others are compared with, as the report has it."""
        for metric in ("selection_rate_difference", "accuracy_difference",
                       "mean_absolute_error_difference"):  # fmt: skip
            for item in self.by_group(metric, grouping):
                if item.reference_group is not None:
                    return item.reference_group
        return None


def split_grouping(grouping: str | None, attributes: tuple[str, ...]) -> tuple[str, ...]:
    """Return a grouping's columns. Raises KeyError for one that the run does not have."""
    if grouping is None:
        return ()
    if grouping in attributes:
        return (grouping,)
    for pair in combinations(attributes, 2):
        if JOIN.join(pair) == grouping:
            return pair
    raise KeyError(grouping)
