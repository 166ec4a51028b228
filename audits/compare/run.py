"""Two runs set against each other, from start to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from audits.compare.comparison import (
    ALPHA,
    SURE,
    Change,
    Comparison,
    Family,
    Outcome,
)
from audits.compare.load import load_pairs
from audits.compare.matching import Match, find_twin, match_measurements, name_family, uses_column
from audits.compare.paired import PairedTests
from audits.compare.pairs import PairedCounts
from audits.compare.scale import ChangeTest, is_better
from audits.compare.separate import LEAST_FOR_INTERVALS, LEAST_ROWS, compute_separate_test
from audits.compare.subjects import (
    check_comparable,
    find_left_out,
    list_checks,
    list_differences,
    refer,
)
from audits.compare.verdicts import compare_verdicts
from audits.core.estimate import EXACT, Estimate
from audits.core.measurement import Measurement
from audits.core.report import AuditReport
from audits.cube.intervals import CONFIDENCE, compute_holm
from audits.store.bundle import Bundle

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

_FEW = "fewer than {n} rows, too few for its interval to say how sure a change is"


def run_comparison(before: Bundle, after: Bundle) -> Comparison:
    """Compare two runs; the earlier is the yardstick. Reads their rows where both have them.

    Raises InputError where the runs are of different tasks, targets or outcomes.
    """
    check_comparable(before.report, after.report)
    pairs = load_pairs(before, after)
    return compute_comparison(before.report, after.report, pairs)


def compute_comparison(
    before: AuditReport, after: AuditReport, pairs: PairedCounts | str
) -> Comparison:
    """Return what is not the same in two reports, and what of it noise does not explain.

    pairs: the rows of both runs, or why they could not be matched. p-values are adjusted by Holm
    within each `Family` and by Bonferroni over the families, so that of comparisons of runs that
    do not differ at most 5% show any change.

    Raises InputError where the runs are of different tasks, targets or outcomes.
    """
    check_comparable(before, after)
    left_out = find_left_out(before, after)
    changes = tuple(_adjust(_list_changes(before, after, pairs, left_out), after))
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
        tested=sum(item.adjusted is not None and not item.mirrored for item in changes),
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
    for match in match_measurements(before, after):
        family = name_family(match.shown, protected)
        yield _compare(match, family, tests, left_out, weighted=weighted)


def _compare(
    match: Match,
    family: Family,
    tests: PairedTests | None,
    left_out: Sequence[str],
    *,
    weighted: bool,
) -> Change:
    old, new = match.before, match.after
    plain = Change(match.shown.id, old, new, Outcome.INCOMPARABLE, family)
    if old is None or new is None:
        column = uses_column(match.shown.attribute, left_out)
        reason = "its column is protected in one of the runs only" if column else ""
        outcome = Outcome.ONLY_AFTER if old is None else Outcome.ONLY_BEFORE
        return replace(plain, outcome=outcome, reason=reason)
    if match.moved:
        return replace(plain, reason=match.moved)
    if obstacle := _find_obstacle(old, new):
        return replace(plain, reason=obstacle)
    if _is_fact(old) and _is_fact(new):
        return replace(plain, outcome=Outcome.FACT, change=_subtract_facts(old, new))
    if reason := _find_few(old, new):
        return replace(plain, reason=reason)
    return _test(plain, old, new, tests, weighted=weighted)


def _test(
    plain: Change, old: Measurement, new: Measurement, tests: PairedTests | None, *, weighted: bool
) -> Change:
    found = tests.test(old, new) if tests is not None else None
    found = found or compute_separate_test(old, new, weighted=weighted)
    if found is None:
        return replace(plain, reason=_FEW.format(n=LEAST_FOR_INTERVALS))
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
        if item.estimate is not None and item.estimate.n < LEAST_ROWS:
            return f"fewer than {LEAST_ROWS} rows {when}"
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


def _adjust(changes: Iterator[Change], after: AuditReport) -> list[Change]:
    """Adjust the p-values, and say what is beyond noise."""
    found = list(changes)
    twins = {item.id: find_twin(item.shown, after) for item in found if item.p_value is not None}
    tested = [item for item in found if item.p_value is not None and twins[item.id] is None]
    families = [[item for item in tested if item.family is family] for family in Family]
    families = [family for family in families if family]
    adjusted: dict[str, float] = {}
    for family in families:
        p_values = np.array([item.p_value for item in family], dtype=np.float64)
        stepped = np.minimum(compute_holm(p_values) * len(families), 1.0)
        adjusted |= {item.id: float(p) for item, p in zip(family, stepped, strict=True)}
    return [_conclude(item, adjusted, twins.get(item.id)) for item in found]


def _conclude(item: Change, adjusted: dict[str, float], twin: str | None) -> Change:
    p_value = adjusted.get(twin or item.id)
    if item.p_value is None or item.change is None:
        return item
    if p_value is None:  # its twin was not compared
        return replace(item, mirrored=True)
    judged = replace(item, adjusted=p_value, mirrored=twin is not None)
    sure = p_value < ALPHA and not item.change.low <= 0 <= item.change.high
    if not sure:
        return judged
    better = is_better(item.change.value, item.shown.direction)
    outcome = {True: Outcome.IMPROVED, False: Outcome.WORSENED, None: Outcome.SHIFTED}[better]
    return replace(judged, outcome=outcome)


def count_sure(comparison: Comparison) -> int:
    """Return how many numbers changed beyond noise, mirrored ones left out."""
    return sum(len(comparison.find(outcome)) for outcome in SURE)
