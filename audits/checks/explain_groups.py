"""Check `explain.groups`: what moves one group's output more, or another way, than another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks.base import PREDICTIONS_FILE, Check, CheckResult, Context, build_measurement
from audits.checks.explain import name_column
from audits.core.errors import CheckNotApplicableError
from audits.core.estimate import Estimate, Unavailable
from audits.core.measurement import Measurement
from audits.cube.compare import choose_reference
from audits.cube.cube import FloatArray
from audits.cube.values import to_result
from audits.explain.evidence import (
    find_attributions,
    find_positions,
    iterate_values,
    read_method,
)
from audits.explain.importance import (
    DIFFERENCE_METHOD,
    METHOD,
    PartDifferences,
    PartMeans,
    PartSums,
    adjust_known,
    choose_top,
    compute_part_differences,
)

CODE = "explain.groups"
TOP = 15
LEAST_ROWS = 10
_METRICS = {False: "mean_absolute_attribution", True: "mean_attribution"}

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Grouping:
    """One protected column: its groups, the reference's position, every explained row's group."""

    attribute: str
    labels: tuple[str, ...]
    reference: int
    codes: Codes


@dataclass(frozen=True, slots=True)
class _Compared:
    """One metric of one grouping. signed: attributions as they are, else their sizes."""

    grouping: _Grouping
    signed: bool
    means: PartMeans
    differences: PartDifferences


def read_group_codes(path: Path, attribute: str, labels: tuple[str, ...]) -> Codes:
    """Return each row's position in `labels`, -1 where its group is none of them."""
    column = pq.read_table(path, columns=[attribute])[attribute].combine_chunks()
    places = pc.index_in(column.cast(pa.string()), value_set=pa.array(labels, pa.string()))
    codes: Codes = pc.fill_null(places, -1).to_numpy().astype(np.int64)
    return codes


def list_groupings(context: Context, positions: Codes) -> Iterator[_Grouping]:
    """Yield every protected column with at least two groups, of the rows at `positions`."""
    for attribute in context.spec.data.protected:
        view = context.view((attribute,))
        if len(view.labels) < 2:
            continue
        codes = read_group_codes(context.folder / PREDICTIONS_FILE, attribute, view.labels)
        reference = choose_reference(view, context.wanted_reference((attribute,)))
        yield _Grouping(attribute, view.labels, reference, codes[positions])


def _sum_groups(
    evidence: Path, features: list[str], groupings: list[_Grouping]
) -> tuple[FloatArray, list[_Compared]]:
    """Return every column's overall mean size, and the groups' means and differences."""
    sums = {
        (place, signed): PartSums(len(one.labels), len(features), signed=signed)
        for place, one in enumerate(groupings)
        for signed in (False, True)
    }
    size, done = np.zeros(len(features)), 0
    for values in iterate_values(evidence, [name_column(name) for name in features]):
        size += np.abs(values).sum(axis=0)
        for (place, _), own in sums.items():
            own.add(values, groupings[place].codes[done : done + len(values)])
        done += len(values)
    compared = []
    for (place, signed), own in sums.items():
        means = own.compute_means()
        one = groupings[place]
        differences = compute_part_differences(means, one.reference)
        compared.append(_Compared(one, signed, means, differences))
    return size / max(done, 1), compared


def compute_group_importance(context: Context) -> CheckResult:
    """Take each column's mean attribution in every group, and set it against the reference's."""
    evidence = find_attributions(context.folder / "evidence")
    if context.model is None or evidence is None:
        raise CheckNotApplicableError("there are no attributions to compare between groups")
    features = list(context.model.info.features)
    positions = find_positions(context.folder / PREDICTIONS_FILE, evidence)
    groupings = list(list_groupings(context, positions))
    if not groupings:
        raise CheckNotApplicableError("no protected column has two groups")
    size, compared = _sum_groups(evidence, features, groupings)
    top = choose_top(size, TOP)
    files = (f"evidence/{evidence.name}", PREDICTIONS_FILE)
    found: list[Measurement] = []
    for signed in (False, True):
        mine = [one for one in compared if one.signed == signed]
        shown = [_mask_small(one, top) for one in mine]
        adjusted = _split_like(adjust_known(np.concatenate([p.ravel() for p in shown])), shown)
        for one, p_values in zip(mine, adjusted, strict=True):
            for column, feature in enumerate(top):
                found += _measure(
                    one, int(feature), features[feature], p_values[:, column],
                    read_method(evidence), files,
                )  # fmt: skip
    return CheckResult(tuple(found))


def _mask_small(one: _Compared, top: NDArray[np.integer]) -> FloatArray:
    """Return the p-values `[n_groups, n_top]`, NaN for pairs with a group that is too small."""
    p_values = one.differences.p_values[:, top].copy()
    small = one.means.rows < LEAST_ROWS
    p_values[small | small[one.grouping.reference]] = np.nan
    return p_values


def _split_like(flat: FloatArray, shapes: list[FloatArray]) -> list[FloatArray]:
    ends = np.cumsum([one.size for one in shapes])[:-1]
    parts = np.split(flat, ends)
    return [part.reshape(one.shape) for part, one in zip(parts, shapes, strict=True)]


def _measure(
    one: _Compared,
    column: int,
    feature: str,
    p_values: FloatArray,
    method: str,
    files: tuple[str, ...],
) -> list[Measurement]:
    """Return one column's measurements: every group's mean, and its gap from the reference."""
    metric, grouping, gap = _METRICS[one.signed], one.grouping, one.differences
    reference = grouping.reference
    found = []
    for place, group in enumerate(grouping.labels):
        shown = (one.means.mean, one.means.low, one.means.high)
        found.append(
            build_measurement(
                CODE, metric,
                _to_result(one, (place,), shown, column, f"{METHOD}; {method}"),
                unit="score", direction="none", attribute=grouping.attribute, group=group,
                slice_name=f"feature={feature}", evidence=files,
            )
        )  # fmt: skip
        if place == reference:
            continue
        shown = (gap.difference, gap.low, gap.high)
        found.append(
            build_measurement(
                CODE, f"{metric}_difference",
                _to_result(
                    one, (place, reference), shown, column, f"{DIFFERENCE_METHOD}; {method}"
                ),
                unit="difference", direction="none", attribute=grouping.attribute, group=group,
                reference_group=grouping.labels[reference], slice_name=f"feature={feature}",
                p_value=float(p_values[place]), evidence=files,
            )
        )  # fmt: skip
    return found


def _to_result(
    one: _Compared,
    places: tuple[int, ...],
    numbers: tuple[FloatArray, FloatArray, FloatArray],
    column: int,
    method: str,
) -> Estimate | Unavailable:
    """Return one number of the group at places[0], or that a group of `places` is too small.

    numbers: value, low and high `[n_groups, n_features]`.
    """
    for place in places:
        rows = int(one.means.rows[place])
        if rows < LEAST_ROWS:
            return Unavailable(
                reason=f"{one.grouping.labels[place]} has {rows} of the explained rows; at least "
                f"{LEAST_ROWS} are needed"
            )
    n = int(sum(one.means.rows[place] for place in places))
    value, low, high = (float(part[places[0], column]) for part in numbers)
    return to_result(value, low, high, n, method, "no rows")


EXPLAIN_GROUPS = Check(
    CODE,
    "Explanations by group",
    f"Takes the mean attribution of the {TOP} columns that move the output most in every group, "
    "with its sign and without, and sets it against the reference group's: Welch's test, adjusted "
    "by Holm over all columns and groups.",
    compute_group_importance,
)
