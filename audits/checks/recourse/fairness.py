"""Check `recourse.fairness`: is recourse equally hard for every group?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.checks.recourse.counterfactuals import (
    FOUND,
    NONE,
    choose_rows,
    read_reference,
    read_rules,
)
from audits.core.arrays import BoolArray
from audits.core.errors import CheckNotApplicableError
from audits.core.groups import JOIN
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.cube import choose_reference, compute_holm, estimate_share
from audits.recourse import (
    Burden,
    Draw,
    build_columns,
    choose_effort,
    compare_columns,
    compare_mean_cost,
    compare_shares,
    compute_burden,
    compute_costlier,
    compute_median,
    compute_shift,
    count_within,
    price_columns,
    read_counterfactuals,
    read_no_recourse,
    reconcile_shift,
    select_rows,
    tabulate_burden,
)

CODE = "recourse.fairness"
_NONE_SEARCHED = "no rejected row of this group was searched"
BURDEN = "evidence/burden.parquet"
PAIR_ROWS = 30
"""Groups of two protected columns together with fewer rows searched are left out: none are drawn
for them, and most would hold a handful."""

TIME_RAN_OUT = "Time ran out"
"""How the reason of a row begins that was not searched to the end. It says nothing about the
row's recourse, so that such rows do not count."""

_EVIDENCE = (BURDEN, PREDICTIONS_FILE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A group and its reference group, of one protected column or of an intersection."""

    attribute: str
    group: str
    reference: str
    ours: Burden
    theirs: Burden
    single: bool


def compute_fairness(context: Context) -> CheckResult:
    """Compare what recourse costs the groups, from the counterfactuals that were found."""
    if not (context.folder / FOUND).is_file():
        raise CheckNotApplicableError("no counterfactuals were searched in this audit")
    if not context.spec.data.protected:
        raise CheckNotApplicableError("no protected column is named, so there are no groups")
    _, draw = choose_rows(context)
    burden, settled = _load_burden(context, draw)
    effort = context.spec.recourse.effort or choose_effort(burden.cost[draw.base & settled])
    if effort is None:
        raise CheckNotApplicableError("none of the rejected rows searched has recourse")
    found = [_measure_effort(effort, int((draw.base & settled).sum()))]
    pairs: list[Pair] = []
    for attributes in context.groupings:
        groups = _split(context, draw, burden, settled, attributes)
        found += [m for label, own in groups.items() for m in
                  _measure_group(JOIN.join(attributes), label, own, effort)]  # fmt: skip
        pairs += _pair_up(context, attributes, groups)
    found += measure_pairs(pairs, effort)
    table = tabulate_burden(burden, draw, settled)
    pq.write_table(table, context.folder / BURDEN, compression="zstd")
    about = "Least cost of recourse of every row searched, and what of it falls on each column"
    return CheckResult(tuple(found), (EvidenceFile(BURDEN, table.num_rows, about),))


def _load_burden(context: Context, draw: Draw) -> tuple[Burden, BoolArray]:
    """Return the costs of the rows drawn, and which of them were searched to the end."""
    assert context.model is not None
    names = context.read_predictions(["row"])["row"].astype(str)[draw.positions]
    rows = context.table.read_rows(draw.positions)[list(context.model.info.features)]
    reference = read_reference(context)
    columns = price_columns(build_columns(rows, reference), read_rules(context, reference))
    answers = read_counterfactuals(pq.read_table(context.folder / FOUND))
    none = read_no_recourse(pq.read_table(context.folder / NONE))
    given_up = {item.row for item in none if item.reason.startswith(TIME_RAN_OUT)}
    settled = np.array([name not in given_up for name in names], dtype=np.bool_)
    return compute_burden([str(name) for name in names], answers, columns), settled


def _split(
    context: Context, draw: Draw, burden: Burden, settled: BoolArray, attributes: Sequence[str]
) -> dict[str, Burden]:
    """Return the burden of every group of a grouping, in the order of the audit's groups."""
    known = context.read_groups(attributes)
    own = np.array(
        [JOIN.join(map(str, row)) for row in zip(*(known[n] for n in attributes), strict=True)],
        dtype=object,
    )[draw.positions]
    single = len(attributes) == 1
    counted = settled & draw.members(attributes[0] if single else None)
    labels = context.view(tuple(attributes)).labels
    groups = {label: select_rows(burden, counted & (own == label)) for label in labels}
    least = 1 if single else PAIR_ROWS
    return {label: part for label, part in groups.items() if len(part.rows) >= least}


def _pair_up(
    context: Context, attributes: tuple[str, ...], groups: dict[str, Burden]
) -> Iterator[Pair]:
    view = context.view(attributes)
    reference = view.labels[choose_reference(view, context.wanted_reference(attributes))]
    if reference not in groups:
        return
    for label, ours in groups.items():
        if label != reference:
            name, single = JOIN.join(attributes), len(attributes) == 1
            yield Pair(name, label, reference, ours, groups[reference], single)


def _measure_effort(effort: float, n: int) -> Measurement:
    return build_measurement(
        CODE, "recourse_effort", Estimate.exact(effort, n), unit="score", direction="none",
        evidence=_EVIDENCE,
    )  # fmt: skip


def _measure_group(attribute: str, label: str, own: Burden, effort: float) -> Iterator[Measurement]:
    n = len(own.rows)
    within = estimate_share(count_within(own.cost, effort), n, _NONE_SEARCHED)
    numbers: tuple[tuple[str, Estimate | Unavailable, Unit, Direction], ...] = (
        ("recourse_rows", Estimate.exact(n, n), "count", "none"),
        ("recourse_median_cost", compute_median(own.cost), "score", "lower_is_better"),
        ("recourse_within_effort", within, "share", "higher_is_better"),
    )  # fmt: skip
    for metric, result, unit, direction in numbers:
        yield build_measurement(
            CODE, metric, result, unit=unit, direction=direction, attribute=attribute,
            group=label, evidence=_EVIDENCE,
        )  # fmt: skip


def measure_pairs(pairs: Sequence[Pair], effort: float) -> Iterator[Measurement]:
    """Compare every group with its reference; the rank tests are adjusted over all of them."""
    ranked = [compute_costlier(pair.ours.cost, pair.theirs.cost) for pair in pairs]
    tested = np.array([p for _, p in ranked if not np.isnan(p)])
    adjusted = iter(compute_holm(tested))
    for pair, (costlier, p_value) in zip(pairs, ranked, strict=True):
        sure = float("nan") if np.isnan(p_value) else float(next(adjusted))
        tests = len(tested) or None
        yield _compare(pair, "recourse_dearer", costlier, "share", sure, "none", adjusted_for=tests)
        shift, own = reconcile_shift(compute_shift(pair.ours.cost, pair.theirs.cost), p_value)
        sure = float(np.fmax(sure, own))
        yield _compare(pair, "recourse_cost_shift", shift, "difference", sure, adjusted_for=tests)
        yield from _measure_shares(pair, effort)
        if pair.single:
            yield from _measure_columns(pair)


def _measure_shares(pair: Pair, effort: float) -> Iterator[Measurement]:
    n, ref_n = len(pair.ours.rows), len(pair.theirs.rows)
    for metric, reach in (("recourse_share", np.finfo(np.float64).max),
                          ("recourse_within_effort", effort)):  # fmt: skip
        gap = compare_shares(
            count_within(pair.ours.cost, reach), n, count_within(pair.theirs.cost, reach), ref_n
        )
        yield _compare(pair, f"{metric}_difference", gap.difference, "points", gap.p_value)
        yield _compare(pair, f"{metric}_ratio", gap.ratio, "ratio", gap.p_value, "closer_to_one")


def _measure_columns(pair: Pair) -> Iterator[Measurement]:
    """Return the difference of the mean costs, and what each column adds to it."""
    gap = compare_mean_cost(pair.ours.cost, pair.theirs.cost)
    yield _compare(pair, "recourse_mean_cost_difference", gap, "difference", float("nan"))
    parts = compare_columns(pair.ours, pair.theirs)
    for part in parts:
        named = Part(PartKind.COLUMN, part.column)
        yield _compare(
            pair, "recourse_mean_cost_difference", part.cost, "difference", part.cost_p,
            part=named, adjusted_for=len(parts),
        )  # fmt: skip
        yield _compare(
            pair, "recourse_change_share_difference", part.share, "points", part.share_p,
            part=named, adjusted_for=len(parts),
        )  # fmt: skip


def _compare(
    pair: Pair,
    metric: str,
    result: Estimate | Unavailable,
    unit: Unit,
    p_value: float,
    direction: Direction = "closer_to_zero",
    *,
    part: Part | None = None,
    adjusted_for: int | None = None,
) -> Measurement:
    return build_measurement(
        CODE, metric, result, unit=unit, direction=direction, adjusted_for=adjusted_for,
        attribute=pair.attribute, group=pair.group, reference_group=pair.reference,
        part=part, evidence=_EVIDENCE,
        p_value=None if isinstance(result, Unavailable) else p_value,
    )  # fmt: skip


RECOURSE_FAIRNESS = Check(
    CODE,
    "Fair recourse",
    "Compares what recourse costs the rejected of each group: how often there is one, how "
    "often it is the costlier of two (with none as costlier than any), how many are within one and "
    "the same effort, and which columns make it costly. Of small groups more rows are searched.",
    compute_fairness,
)
