"""A run seen through a cohort: its pages show the cohort's numbers without knowing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.cohorts import (
    FindInData,
    RunColumns,
    find_cohort_rows,
    list_run_columns,
    measure_cohort,
    measure_cohort_attributions,
    parse_run_condition,
)
from audits.core.errors import AssayError, CheckNotApplicableError
from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.cube import Cube
from audits.explain import find_attributions
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.run import CohortView, RunData

PREDICTIONS = "predictions.parquet"
_ATTRIBUTION = "mean_absolute_attribution"


class CohortRun(RunData):
    """The run with the cube, the measurements and the verdicts of some of its rows."""

    def __init__(self, whole: RunData, cohort: CohortView) -> None:
        """Count and judge the cohort. Raises CheckNotApplicableError where it has no rows."""
        found = measure_cohort(whole.bundle, whole.spec, whole.policy, whole.cube, cohort.inside)
        super().__init__(replace(whole.bundle, report=found.report))
        self._whole, self._cohort, self._cube = whole, cohort, found.cube

    @property
    def whole(self) -> RunData:
        """The run of all rows."""
        return self._whole

    @property
    def cohort(self) -> CohortView:
        """Which rows are looked at."""
        return self._cohort

    @cached_property
    def cube(self) -> Cube:
        """The cohort's cube."""
        return self._cube

    def by_group(self, metric: str, attribute: str | None) -> list[Measurement]:
        """The metric's measurements; what moves the model is measured when first asked for."""
        if metric == _ATTRIBUTION and attribute is None:
            return self._attributions
        return super().by_group(metric, attribute)

    @cached_property
    def _attributions(self) -> list[Measurement]:
        items = self._whole.by_group(_ATTRIBUTION, None)
        items = [item for item in items if item.is_of(PartKind.FEATURE)]
        evidence = find_attributions(self.bundle.path / "evidence")
        if not items or evidence is None:
            return []
        predictions = self.bundle.evidence_path(PREDICTIONS)
        return measure_cohort_attributions(predictions, evidence, items, self._cohort.inside)


def list_columns(run: RunData) -> RunColumns:
    """Return what conditions may name of the run itself."""
    whole = run.whole
    stored = pq.read_schema(whole.bundle.evidence_path(PREDICTIONS)).names
    return list_run_columns(whole.spec, whole.cube, stored)


def open_cohort(
    run: RunData, conditions: Sequence[str], find_in_data: FindInData
) -> CohortRun | Absent:
    """Return the run seen through conditions, or why it cannot be."""
    whole = run.whole
    path = whole.bundle.evidence_path(PREDICTIONS)
    try:
        inside = find_cohort_rows(path, list_columns(whole), conditions, find_in_data)
        return CohortRun(whole, CohortView(tuple(conditions), inside))
    except (AssayError, CheckNotApplicableError) as error:
        return Absent(plain_text(str(error)))


def keep_rows(run: RunData, ids: Sequence[str]) -> list[str]:
    """Return those of the row ids that are in the run's cohort, in their order; all of them where
    everybody is looked at."""
    if run.cohort is None:
        return list(ids)
    known = pq.read_table(run.bundle.evidence_path(PREDICTIONS), columns=["row"])["row"]
    places = pc.index_in(pa.array(list(ids), pa.string()), value_set=known.cast(pa.string()))
    found = np.array(places.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    inside = (found >= 0) & run.cohort.inside[found]
    return [row for row, kept in zip(ids, inside, strict=True) if kept]


def needs_data(run: RunData, conditions: Sequence[str]) -> bool:
    """Whether some condition is about a column that only the audited data has. Raises InputError
    for words about the run's own columns that are not understood."""
    columns = list_columns(run)
    return any(parse_run_condition(words, columns) is None for words in conditions)


def picks_result(run: RunData, conditions: Sequence[str]) -> bool:
    """Whether rows are chosen by their outcome, decision or score."""
    stored = list_columns(run).own.values()
    found = [parse_run_condition(words, list_columns(run)) for words in conditions]
    return any(one is not None and one.column.name in stored for one in found)
