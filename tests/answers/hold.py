"""Claims held against the truth: why one is false, or that it is not.

A claim is false only where the population says so by more than an honest audit of this sample could
be wrong by; see `tests.answers.truth` for the tolerances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pyarrow as pa

from audits.data.schema import Column
from audits.slices.conditions import parse_condition
from tests.answers.audit import Case
from tests.answers.claims import Claim, Kind, find_thresholds
from tests.answers.population import Mask
from tests.answers.truth import TOLERANCE, Truth, list_rates

NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Falsehood:
    """A claim that is not true, and what is."""

    claim: Claim
    truth: str


def find_falsehoods(case: Case, claims: list[Claim]) -> list[Falsehood]:
    """Return the claims that are false."""
    truth = Truth(case.scenario, case.rows)
    found = []
    for claim in claims:
        why = _HOLD[claim.kind](case, truth, claim)
        if why:
            found.append(Falsehood(claim, why))
    return found


def _fails(case: Case, truth: Truth, claim: Claim) -> str:
    gap = truth.find_gap(claim.attribute, claim.group, claim.metric)
    if gap > NOTHING:
        return ""
    return f"{claim.group} is no worse off than anybody in {claim.metric}"


def _direction(case: Case, truth: Truth, claim: Claim) -> str:
    if not claim.against:
        return ""
    gap = truth.find_pair_gap(claim.attribute, claim.group, claim.against, claim.metric)
    if gap > -NOTHING:
        return ""
    return f"{claim.group} is better off than {claim.against} by {-gap:.3f}"


def _passes(case: Case, truth: Truth, claim: Claim) -> str:
    harm = truth.must_find
    return "" if harm is None else f"{harm.group} is harmed by {harm.size} ({harm.kind})"


def _worst(case: Case, truth: Truth, claim: Claim) -> str:
    if claim.sure and (why := _fails(case, truth, claim)):
        return why
    harm = truth.must_find
    if not claim.sure and harm is not None:
        return f"named as uncertain, while {harm.group} is harmed by {harm.size}"
    return _find_rival(truth, claim)


def _find_rival(truth: Truth, claim: Claim) -> str:
    """Return who is truly worse off by the same rule: a wider gap, and more of it in persons."""
    mine = truth.find_gap(claim.attribute, claim.group, claim.metric)
    own = _count(truth, claim.attribute, claim.group, claim.metric)
    noise = truth.find_noise(claim.attribute, claim.group, claim.metric)
    for attribute in truth.scenario.attributes:
        for name in truth.list_groups(attribute, list_rates(claim.metric)[0]):
            if (attribute, name) == (claim.attribute, claim.group):
                continue
            if not truth.is_judgeable(attribute, name, claim.metric):
                continue
            gap = truth.find_gap(attribute, name, claim.metric)
            other = truth.find_noise(attribute, name, claim.metric)
            clear = max(TOLERANCE, 2 * sqrt(noise**2 + other**2))
            more = _count(truth, attribute, name, claim.metric) * gap > 1.25 * own * mine
            if gap > mine + clear and more:
                return f"{name} ({attribute}) is worse off: {gap:.3f} against {mine:.3f}"
    return ""


def _count(truth: Truth, attribute: str, group: str, metric: str) -> int:
    found = [
        groups[group].n
        for rate in list_rates(metric)
        if group in (groups := truth.list_groups(attribute, rate))
    ]
    return max(found, default=0)


def _widest(case: Case, truth: Truth, claim: Claim) -> str:
    """The widest of an attribute's gaps, among groups that can be judged, either way round."""
    rate = list_rates(claim.metric)[0]
    groups = truth.list_groups(claim.attribute, rate)
    known = [g for g in groups.values() if g.n >= 30 and not np.isnan(g.value)]
    if claim.group not in groups or claim.against not in groups or len(known) < 2:
        return ""
    one, two = groups[claim.group], groups[claim.against]
    low, high = min(known, key=lambda g: g.value), max(known, key=lambda g: g.value)
    mine, wide = abs(one.value - two.value), high.value - low.value
    noise = 2 * sqrt(one.variance + two.variance + low.variance + high.variance)
    if min(one.n, two.n) < 30 and claim.sure:
        noise = TOLERANCE
    if wide > mine + max(TOLERANCE, noise):
        return f"{low.name} against {high.name} is {wide:.3f}, this is {mine:.3f}"
    if claim.sure and mine < NOTHING:
        return "there is no gap"
    return ""


def _column(case: Case, truth: Truth, claim: Claim) -> str:
    share = truth.find_share(claim.attribute, claim.group, claim.against, claim.detail)
    people = truth.people
    rate = people.tpr if people.predicted is None else people.predicted
    assert rate is not None
    mine, other = (
        float(np.average(rate, weights=people.share * truth.find_mask(claim.attribute, name)))
        for name in (claim.group, claim.against)
    )
    if abs(share) > 1e-6 and share * (mine - other) > 0:
        return ""
    return f"{claim.detail} has a share of {share:.4f} in a gap of {mine - other:.4f}"


def _explains(case: Case, truth: Truth, claim: Claim) -> str:
    """A gap is explained only where its pair is that of a finding, either way round."""
    report = case.run.report
    pairs = {
        (item.attribute, frozenset((item.group, item.reference_group)))
        for v in report.verdicts
        if v.status.value in ("fail", "warn")
        for item in [report.by_id[v.measurement]]
    }
    if (claim.attribute, frozenset((claim.group, claim.against))) not in pairs:
        return f"{claim.group} against {claim.against} is the pair of no finding"
    return ""


def _where(case: Case, truth: Truth, claim: Claim) -> str:
    mask = find_slice(truth, claim.detail)
    metric = "accuracy" if truth.people.residual is None else "mean_absolute_error"
    inside, outside = (truth.people.compute(metric, m) for m in (mask, ~mask))
    worse = outside - inside if metric == "accuracy" else inside - outside
    if worse > 1e-6:
        return ""
    return f"errors there are {worse:.4f} more frequent than elsewhere"


def find_slice(truth: Truth, name: str) -> Mask:
    """Return the atoms of a slice by its words."""
    table = truth.people.table
    columns = [
        Column(str(c), "integer" if table[c].dtype.kind in "if" else "text", 0, 0)
        for c in table.columns
    ]
    mask = truth.people.all()
    for words in name.split(" & "):
        condition = parse_condition(words, columns)
        values = table[condition.column.name]
        kind = pa.float64() if condition.column.is_numeric else pa.string()
        mask &= condition.find(pa.array(values, type=kind))
    return mask


def _helps(case: Case, truth: Truth, claim: Claim) -> str:
    """Thresholds that are offered truly narrow the gap between judgeable groups."""
    found = find_thresholds(case, claim)
    people = truth.people
    cuts = np.full(len(people.share), 0.5)
    for group, cut in found.items():
        mask = people.all() if group is None else truth.find_mask(claim.attribute, group)
        cuts = np.where(mask, cut, cuts)
    moved = people.decide_at(cuts)
    goal = {"demographic_parity": "demographic_parity_difference",
            "equal_opportunity": "equal_opportunity_difference",
            "equalized_odds": "equalized_odds_difference"}[claim.metric]  # fmt: skip
    spreads = []
    for population in (people, moved):
        widest = 0.0
        for rate in list_rates(goal):
            values = [
                population.compute(rate, truth.find_mask(claim.attribute, name))
                for name, group in truth.list_groups(claim.attribute, rate).items()
                if group.n >= 30
            ]
            widest = max(widest, max(values) - min(values))
        spreads.append(widest)
    before, after = spreads
    return "" if after < before else f"the gap goes from {before:.4f} to {after:.4f}"


def _stands_alone(case: Case, truth: Truth, claim: Claim) -> str:
    """An intersection told by itself is worse than its attributes make it (on the logit scale)."""
    rate = list_rates(claim.metric)[0]
    people = truth.people
    pairs = list(zip(claim.attribute.split(" & "), claim.group.split(" & "), strict=True))
    masks = [people.all(), truth.find_mask(claim.attribute, claim.group)]
    masks += [people.find(dict([pair])) for pair in pairs]
    values = [people.compute(rate, mask) for mask in masks]
    if people.residual is None:
        values = [float(np.log(v / (1 - v))) for v in values]
    whole, own, *singles = values
    expected = whole + sum(value - whole for value in singles)
    worse = own - expected if rate == "mean_absolute_error" else expected - own
    return "" if worse > 1e-6 else f"its attributes explain more than all of it ({worse:.4f})"


def _always(case: Case, truth: Truth, claim: Claim) -> str:
    return "said"


_HOLD: dict[Kind, Callable[[Case, Truth, Claim], str]] = {
    "fails": _fails, "passes": _passes, "worst": _worst, "direction": _direction,
    "column": _column, "explains": _explains, "where": _where, "helps": _helps,
    "widest": _widest, "same story": _always, "no model": _always, "chance": _always,
    "nothing judged": _always,
    "stands alone": _stands_alone, "sign": _always,
}  # fmt: skip


def is_named_first(truth: Truth, claims: list[Claim], surface: str = "findings") -> bool | None:
    """Whether the harm that must be found is the one that is named first; None without one."""
    harm = truth.must_find
    if harm is None:
        return None
    return any(
        claim.kind == "worst" and claim.surface == surface and claim.sure
        and (claim.attribute, claim.group) == (harm.grouping, harm.group)
        for claim in claims
    )  # fmt: skip
