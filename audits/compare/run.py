"""Two runs set against each other, from start to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from audits.compare.comparison import ALPHA, SURE, Change, Comparison, Family, Outcome
from audits.compare.gate import Role, name_family, name_role, weigh
from audits.compare.load import load_pairs
from audits.compare.matching import Match, find_twin, match_measurements, uses_column
from audits.compare.paired import PairedTests
from audits.compare.pairs import PairedCounts
from audits.compare.scale import ChangeTest, find_yardstick, is_better, is_slight
from audits.compare.separate import compute_separate_test
from audits.compare.subjects import (
    ask,
    check_comparable,
    find_left_out,
    list_checks,
    list_differences,
    refer,
)
from audits.compare.verdicts import compare_verdicts
from audits.core.arrays import FloatArray
from audits.core.limits import MIN_ROWS_FOR_FAR_TAILS, MIN_ROWS_TO_COMPARE_RUNS
from audits.core.report.estimate import EXACT, Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.cube import CONFIDENCE
from audits.store import Bundle

PAIRED = (
    "Both runs decide about the same rows, so each row is compared with itself. Numbers that "
    "its decisions alone do not give are compared by their intervals, as if the runs were "
    "independent, which makes changes harder to find, not easier."
)
UNPAIRED = (
    "Both runs read the same data, but {reason}: their numbers are compared by their intervals, as "
    "if the runs were independent, which makes changes harder to find, not easier."
)
INDEPENDENT = (
    "The runs are of different data: their numbers are compared as independent. A change may "
    "come from the people in the data as well as from the model."
)

_ANEW = "chosen or searched anew in each run, so that chance in the choice would count as a change"
_FEW = "fewer than {n} rows, too few for its interval to say how sure a change is"


def run_comparison(before: Bundle, after: Bundle, min_change: float = 0.0) -> Comparison:
    """Compare two runs; the earlier is the yardstick. Reads their rows where both have them.

    min_change: the least change that counts as one (`audits.compare.scale.is_slight`).

    Raises InputError where the runs are of different tasks, targets or outcomes.
    """
    check_comparable(ask(before.report), ask(after.report))
    pairs = load_pairs(before, after)
    return compute_comparison(before.report, after.report, pairs, min_change)


def compute_comparison(
    before: AuditReport, after: AuditReport, pairs: PairedCounts | str, min_change: float = 0.0
) -> Comparison:
    """Return what is not the same in two reports, and what of it noise does not explain.

    pairs: the rows of both runs, or why they could not be matched. The p-values of what counts
    are adjusted together by Holm, weighted by `Family`, so that of comparisons of runs that do
    not differ at most 5% show a change that counts. What does not count is adjusted by itself.

    Raises InputError where the runs are of different tasks, targets or outcomes.
    """
    check_comparable(ask(before), ask(after))
    left_out = find_left_out(before, after)
    found = list(_list_changes(before, after, pairs, left_out))
    changes = conclude(found, before, after, min_change)
    basis, reason = _describe_basis(before, after, pairs)
    return Comparison(
        before=refer(before),
        after=refer(after),
        basis=basis,
        basis_reason=reason,
        left_out=left_out,
        changes=changes,
        verdicts=compare_verdicts(before, after, changes, left_out),
        checks=list_checks(before, after),
        differences=list_differences(before, after),
        tested=sum(
            item.adjusted is not None and not item.mirrored and item.counts for item in changes
        ),
        min_change=min_change,
    )


def _describe_basis(
    before: AuditReport, after: AuditReport, pairs: PairedCounts | str
) -> tuple[str, str]:
    if isinstance(pairs, PairedCounts):
        return "paired", PAIRED
    if before.subject.data.sha256 == after.subject.data.sha256:
        return "unpaired", UNPAIRED.format(reason=pairs)
    return "independent", INDEPENDENT


def _list_changes(
    before: AuditReport,
    after: AuditReport,
    pairs: PairedCounts | str,
    left_out: Sequence[str],
) -> Iterator[Change]:
    tests = PairedTests(pairs, after.run.seed) if isinstance(pairs, PairedCounts) else None
    weighted = any(
        bool(report.spec.effective.get("data", {}).get("weight")) for report in (before, after)
    )
    protected = after.subject.data.protected
    judged = {item.measurement for report in (before, after) for item in report.verdicts}
    for match in match_measurements(before, after):
        role = name_role(match.shown, match.shown.id in judged)
        family = name_family(match.shown, protected, role)
        change = _compare(match, family, left_out, chosen=role is Role.CHOSEN)
        if change.outcome is not Outcome.SAME:
            yield change
            continue
        yield _test(change, tests, weighted=weighted)


def _compare(
    match: Match,
    family: Family,
    left_out: Sequence[str],
    *,
    chosen: bool,
) -> Change:
    """Return what can be said without a test; `SAME` where there is one to be made."""
    old, new = match.before, match.after
    plain = Change(match.shown.id, old, new, Outcome.INCOMPARABLE, family)
    if old is None or new is None:
        column = uses_column(match.shown.attribute, left_out)
        reason = "its column is protected in one of the runs only" if column else ""
        outcome = Outcome.ONLY_AFTER if old is None else Outcome.ONLY_BEFORE
        return replace(plain, outcome=outcome, reason=reason)
    if obstacle := match.moved or _find_obstacle(old, new):
        return replace(plain, reason=obstacle)
    if _is_fact(old) and _is_fact(new):
        return replace(plain, outcome=Outcome.FACT, change=_subtract_facts(old, new))
    if chosen:
        return replace(plain, outcome=Outcome.CHOSEN, reason=_ANEW)
    reason = _find_few(old, new)
    return replace(plain, outcome=Outcome.INCOMPARABLE if reason else Outcome.SAME, reason=reason)


def _test(plain: Change, tests: PairedTests | None, *, weighted: bool) -> Change:
    old, new = plain.before, plain.after
    assert old is not None and new is not None  # only a number of both runs is tested
    found = tests.test(old, new) if tests is not None else None
    found = found or compute_separate_test(old, new, weighted=weighted)
    if found is None:
        reason = _FEW.format(n=MIN_ROWS_FOR_FAR_TAILS)
        return replace(plain, outcome=Outcome.INCOMPARABLE, reason=reason)
    change = _to_estimate(found, old, new)
    return replace(plain, outcome=Outcome.SAME, change=change, p_value=found.p_value)


def _is_fact(item: Measurement) -> bool:
    return item.estimate is not None and item.estimate.method == EXACT


def _find_obstacle(old: Measurement, new: Measurement) -> str:
    """Return why two numbers cannot be subtracted, "" where they can."""
    if (old.unit, old.direction) != (new.unit, new.direction):
        return "measured in another way than before"
    for when, item in (("before", old), ("after", new)):
        if item.unavailable is not None:
            return f"not measured {when}: {item.unavailable.reason}"
    if _is_fact(old) != _is_fact(new):
        return "measured in another way than before"
    return ""


def _find_few(old: Measurement, new: Measurement) -> str:
    for when, item in (("before", old), ("after", new)):
        if item.estimate is not None and item.estimate.n < MIN_ROWS_TO_COMPARE_RUNS:
            return f"fewer than {MIN_ROWS_TO_COMPARE_RUNS} rows {when}"
    return ""


def _subtract_facts(old: Measurement, new: Measurement) -> Estimate:
    assert old.estimate is not None and new.estimate is not None  # facts are numbers
    return Estimate.exact(new.estimate.value - old.estimate.value, new.estimate.n)


def _to_estimate(found: ChangeTest, old: Measurement, new: Measurement) -> Estimate:
    assert old.estimate is not None and new.estimate is not None  # they were compared
    return Estimate(
        value=found.change,
        low=min(found.low, found.change),
        high=max(found.high, found.change),
        n=min(old.estimate.n, new.estimate.n),
        method=found.method,
        confidence=CONFIDENCE,
    )


# From p-values to what is beyond noise: what counts is adjusted together, the rest by itself.


def conclude(
    found: Sequence[Change], before: AuditReport, after: AuditReport, min_change: float
) -> tuple[Change, ...]:
    """Adjust the p-values of changes, and say what is beyond noise.

    min_change: see `audits.compare.scale.is_slight`.
    """
    twins = {item.id: find_twin(item.shown, after) for item in found if item.p_value is not None}
    tested = [item for item in found if item.p_value is not None and twins[item.id] is None]
    adjusted: dict[str, float] = {}
    for counts in (True, False):
        together = [item for item in tested if item.counts is counts]
        p_values = np.array([item.p_value for item in together], dtype=np.float64)
        stepped = compute_weighted_holm(p_values, weigh(together, after.subject.task))
        adjusted |= {item.id: float(p) for item, p in zip(together, stepped, strict=True)}
    yardstick = find_yardstick(before)
    return tuple(
        _weigh(_judge(item, adjusted, twins.get(item.id)), min_change, yardstick) for item in found
    )


def compute_weighted_holm(p_values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Holm's step-down adjusted p-values of tests of unequal weight, in the order given.

    Holm 1979, Scandinavian Journal of Statistics 6:65, section 4; with equal weights the plain
    ones. weights: above 0; their sum does not matter.
    """
    ratios = p_values / weights
    order = np.argsort(ratios, kind="stable")
    left = np.cumsum(weights[order][::-1])[::-1]
    stepped = np.maximum.accumulate(ratios[order] * left)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _judge(item: Change, adjusted: dict[str, float], twin: str | None) -> Change:
    p_value = adjusted.get(twin or item.id)
    if item.p_value is None or item.change is None:
        return item
    if p_value is None:  # its twin was not compared
        return replace(item, mirrored=True)
    judged = replace(item, adjusted=p_value, mirrored=twin is not None)
    if p_value >= ALPHA or item.change.low <= 0 <= item.change.high:
        return judged
    better = is_better(item.change.value, item.shown.direction)
    outcome = {True: Outcome.IMPROVED, False: Outcome.WORSENED, None: Outcome.SHIFTED}[better]
    return replace(judged, outcome=outcome)


def _weigh(item: Change, min_change: float, yardstick: float | None) -> Change:
    """Tell a change that counts from one that is too small to, and one that never does."""
    if item.outcome not in SURE or item.change is None:
        return item
    if not item.counts:
        return replace(item, outcome=Outcome.NOTED)
    if is_slight(item.change.value, item.shown.unit, min_change, yardstick):
        return replace(item, outcome=Outcome.SLIGHT)
    return item
