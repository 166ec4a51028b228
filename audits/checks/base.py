"""What a check is, what it gets to see and what it hands back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from audits.core.groups import JOIN, name_group_column
from audits.core.limits import MIN_ROWS_TO_JUDGE
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit, measurement_id
from audits.core.report.parts import Part
from audits.core.settings.spec import AuditSpec
from audits.cube import Cube, Metric, Values, View, compute_view
from audits.data import AuditTable

if TYPE_CHECKING:
    from audits.models import ModelClient

Progress = Callable[[str, float | None], None]
"""Told what is being done and how far it is (0 to 1, None where unknown)."""

CUBE_FILE = "evidence/cube.parquet"
PREDICTIONS_FILE = "evidence/predictions.parquet"


def class_cube_file(position: int) -> str:
    """Return the evidence file that counts one class of a multiclass model against all others."""
    return f"evidence/cube.class-{position}.parquet"


def make_generator(spec: AuditSpec, purpose: str) -> np.random.Generator:
    """Return a random generator that depends on the audit's seed and `purpose` alone."""
    return np.random.default_rng([spec.audit.seed, zlib.crc32(purpose.encode())])


@dataclass(frozen=True)
class CubeContext:
    """What a check sees that needs no more than the cube, now or a year later.

    class_cubes: for a multiclass model each class against all others, as a binary cube.
    min_rows: groups with fewer rows in a metric's denominator are not judged by the policy, so
    that nobody is set against them.
    """

    spec: AuditSpec
    cube: Cube
    class_cubes: Mapping[str, Cube] = field(default_factory=dict)
    min_rows: int = MIN_ROWS_TO_JUDGE
    _views: dict[tuple[str, ...], View] = field(default_factory=dict, init=False, repr=False)
    _values: dict[tuple[str, str | None], Values] = field(
        default_factory=dict, init=False, repr=False
    )

    def view(self, attributes: tuple[str, ...] = ()) -> View:
        """Return the cube by groups of `attributes`; made once."""
        if attributes not in self._views:
            self._views[attributes] = compute_view(self.cube, attributes)
        return self._views[attributes]

    def compute(self, metric: Metric, view: View) -> Values:
        """Return a metric of one of this context's views; computed once for all checks."""
        key = (metric.name, view.attribute)
        if key not in self._values:
            generator = self.generator(f"{metric.name}:{view.attribute}")
            self._values[key] = metric.compute(view, generator)
        return self._values[key]

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a random generator that depends on the audit's seed and `purpose` alone."""
        return make_generator(self.spec, purpose)

    @property
    def groupings(self) -> tuple[tuple[str, ...], ...]:
        """Every protected attribute alone, then every two of them."""
        names = tuple(n for n in self.spec.data.protected if n in self.cube.attributes)
        return (*((name,) for name in names), *combinations(names, 2))

    def wanted_reference(self, attributes: tuple[str, ...]) -> str | None:
        """Return the declared reference group of a grouping, None where not all are declared."""
        declared = self.spec.data.reference_groups
        if not all(name in declared for name in attributes):
            return None
        return JOIN.join(declared[name] for name in attributes)


@dataclass(frozen=True, kw_only=True)
class Context(CubeContext):
    """One running audit. `folder` is the bundle being written.

    output is the model's output that is audited: the favourable class of a binary model, the
    first class of a multiclass one, None for regression and for decisions without a model.
    """

    table: AuditTable
    model: ModelClient | None
    output: int | None
    folder: Path
    progress: Progress

    def read_predictions(self, columns: list[str]) -> dict[str, np.ndarray]:
        """Return columns of the scored rows, in their order."""
        table = pq.read_table(self.folder / PREDICTIONS_FILE, columns=columns)
        return {name: table[name].to_numpy(zero_copy_only=False) for name in columns}

    def read_groups(self, attributes: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the scored rows' groups of some attributes, in the rows' order."""
        columns = {name: name_group_column(name) for name in attributes}
        read = self.read_predictions(list(columns.values())) if columns else {}
        return {name: read[column] for name, column in columns.items()}


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that a check wrote into the bundle, relative to it."""

    path: str
    rows: int
    description: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check measured, and the evidence that it wrote."""

    measurements: tuple[Measurement, ...]
    evidence: tuple[EvidenceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its stable code. `compute` raises CheckNotApplicableError or CheckSkippedError
    where it has nothing to measure; any other exception is recorded as the check's error.

    early: whether it needs no more time than the cube's checks, so that it is in the first result.
    """

    code: str
    title: str
    meaning: str
    compute: Callable[[Context], CheckResult]
    early: bool = False


@dataclass(frozen=True, slots=True)
class CubeCheck:
    """A check that needs the cube alone, so that `assay verify` can repeat it."""

    code: str
    title: str
    meaning: str
    compute: Callable[[CubeContext], CheckResult]

    @property
    def early(self) -> bool:
        """Whether it is in the first result: all of the cube's checks are."""
        return True


def build_measurement(
    check: str,
    metric: str,
    result: Estimate | Unavailable,
    *,
    unit: Unit,
    direction: Direction,
    attribute: str | None = None,
    group: str | None = None,
    reference_group: str | None = None,
    part: Part | None = None,
    p_value: float | None = None,
    adjusted_for: int | None = None,
    summary: bool = False,
    left_out: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (CUBE_FILE,),
) -> Measurement:
    """Return a measurement with its stable id.

    summary: the number is of all groups, and `group` and `reference_group` only name the pair
    that makes it; the id leaves them out, so that it stays the same when the pair changes.
    left_out: the groups that a summary passes over.
    """
    named = (None, None) if summary else (group, reference_group)
    missing = p_value is None or np.isnan(p_value)
    return Measurement(
        id=measurement_id(metric, attribute, *named, part),
        check=check,
        metric=metric,
        attribute=attribute,
        group=group,
        reference_group=reference_group,
        slice=None if part is None else part.text,
        estimate=result if isinstance(result, Estimate) else None,
        unavailable=result if isinstance(result, Unavailable) else None,
        p_value=None if missing else p_value,
        adjusted_for=None if missing else adjusted_for,
        left_out=left_out,
        unit=unit,
        direction=direction,
        evidence=evidence,
    )
