"""Means of row-wise numbers, a column each, by protected group: measured, compared, adjusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks.base import PREDICTIONS_FILE, Context, build_measurement
from audits.core.arrays import FloatArray
from audits.core.groups import name_group_column
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.cube import choose_reference, to_result
from audits.explain import (
    DIFFERENCE_METHOD,
    METHOD,
    PartDifferences,
    PartMeans,
    PartSums,
    adjust_known,
    compute_part_differences,
)

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grouping:
    """One protected column: its groups, the reference's position, every row's group (-1: none)."""

    attribute: str
    labels: tuple[str, ...]
    reference: int
    codes: Codes

    def start_sums(self, n_features: int, *, signed: bool) -> PartSums:
        """Return sums of nothing yet, one part a group."""
        return PartSums(len(self.labels), n_features, signed=signed)


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """What a mean is called and how it is reported. method: what the numbers were made by. least:
    the rows that a group has at least, or there is no number."""

    check: str
    metric: str
    unit: Unit
    gap_unit: Unit
    direction: Direction
    method: str
    files: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class _Compared:
    grouping: Grouping
    means: PartMeans
    gaps: PartDifferences


def list_groupings(context: Context, positions: Codes) -> Iterator[Grouping]:
    """Yield every protected column with at least two groups, of the rows at `positions`."""
    for attribute in context.spec.data.protected:
        view = context.view((attribute,))
        if len(view.labels) < 2:
            continue
        codes = _read_codes(context.folder / PREDICTIONS_FILE, attribute, view.labels)
        reference = choose_reference(view, context.wanted_reference((attribute,)))
        yield Grouping(attribute, view.labels, reference, codes[positions])


def _read_codes(path: Path, attribute: str, labels: tuple[str, ...]) -> Codes:
    name = name_group_column(attribute)
    column = pq.read_table(path, columns=[name])[name].combine_chunks()
    places = pc.index_in(column.cast(pa.string()), value_set=pa.array(labels, pa.string()))
    codes: Codes = pc.fill_null(places, -1).to_numpy().astype(np.int64)
    return codes


def measure_groups(
    groupings: Sequence[Grouping],
    sums: Sequence[PartSums],
    features: Sequence[str],
    top: NDArray[np.integer],
    spec: MetricSpec,
) -> Iterator[Measurement]:
    """Yield the means of the columns `top` in every group, and their gaps from the reference
    group's; p-values are Welch's, adjusted by Holm over all columns, groups and groupings.

    sums: one of `start_sums` for each grouping, with all rows added.
    """
    compared = []
    for one, own in zip(groupings, sums, strict=True):
        means = own.compute_means()
        compared.append(_Compared(one, means, compute_part_differences(means, one.reference)))
    raw = [_choose_p_values(one, top, spec.least) for one in compared]
    adjusted = adjust_known(np.concatenate([part.ravel() for part in raw]))
    tests = int(np.count_nonzero(~np.isnan(adjusted)))
    ends = np.cumsum([part.size for part in raw])[:-1]
    for pair, flat in zip(compared, np.split(adjusted, ends), strict=True):
        p_values = flat.reshape(-1, len(top))
        for place, column in enumerate(top.tolist()):
            found = p_values[:, place]
            yield from _measure_column(pair, column, features[column], found, spec, tests)


def _choose_p_values(one: _Compared, top: NDArray[np.integer], least: int) -> FloatArray:
    """Return p-values `[n_groups, n_top]`, NaN for pairs with a group that is too small."""
    p_values = one.gaps.p_values[:, top].copy()
    small = one.means.rows < least
    p_values[small | small[one.grouping.reference]] = np.nan
    return p_values


def _measure_column(
    one: _Compared, column: int, feature: str, p_values: FloatArray, spec: MetricSpec, tests: int
) -> Iterator[Measurement]:
    """Yield one column's measurements: every group's mean, and its gap from the reference."""
    grouping, gaps = one.grouping, one.gaps
    reference, part = grouping.reference, Part(PartKind.FEATURE, feature)
    for place, group in enumerate(grouping.labels):
        numbers = (one.means.mean, one.means.low, one.means.high)
        result = _to_result(one, (place,), numbers, column, f"{METHOD}; {spec.method}", spec.least)
        yield build_measurement(
            spec.check, spec.metric, result, unit=spec.unit, direction=spec.direction,
            attribute=grouping.attribute, group=group, part=part, evidence=spec.files,
        )  # fmt: skip
        if place == reference:
            continue
        result = _to_result(
            one, (place, reference), (gaps.difference, gaps.low, gaps.high), column,
            f"{DIFFERENCE_METHOD}; {spec.method}", spec.least,
        )  # fmt: skip
        yield build_measurement(
            spec.check, f"{spec.metric}_difference", result, unit=spec.gap_unit,
            direction="closer_to_zero", attribute=grouping.attribute, group=group,
            reference_group=grouping.labels[reference], part=part,
            p_value=float(p_values[place]), adjusted_for=tests or None, evidence=spec.files,
        )  # fmt: skip


def _to_result(
    one: _Compared,
    places: tuple[int, ...],
    numbers: tuple[FloatArray, FloatArray, FloatArray],
    column: int,
    method: str,
    least: int,
) -> Estimate | Unavailable:
    """Return one number of the group at places[0], or that a group of `places` is too small.

    numbers: value, low and high `[n_groups, n_features]`.
    """
    for place in places:
        rows = int(one.means.rows[place])
        if rows < least:
            return Unavailable(
                reason=f"{one.grouping.labels[place]} has {rows} of the explained rows; at least "
                f"{least} are needed"
            )
    n = int(sum(one.means.rows[place] for place in places))
    value, low, high = (float(part[places[0], column]) for part in numbers)
    return to_result(value, low, high, n, method, "no rows")
