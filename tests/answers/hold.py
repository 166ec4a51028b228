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

from audits.core.report.verdict import Status
from audits.data.schema import Column
from audits.findings import list_findings
from audits.slices.conditions import parse_condition
from tests.answers.audit import Case
from tests.answers.claims import Claim, Kind, find_thresholds
from tests.answers.population import Mask, Population
from tests.answers.truth import MIN_ROWS, TOLERANCE, Truth, list_rates

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
    """A column that is named has a true share, and one of the same sign."""
    share = truth.find_share(claim.attribute, claim.group, claim.against, claim.detail)
    if abs(share) > 1e-6 and (share > 0) == (claim.metric == "up"):
        return ""
    return f"the true share of {claim.detail} is {share:.4f}, not {claim.metric}"


def _explains(case: Case, truth: Truth, claim: Claim) -> str:
    """A gap is explained only where its pair is that of a finding, either way round."""
    told = [x for x in list_findings(case.run.report) if x.status in (Status.FAIL, Status.WARN)]
    mine = [x for x in told if (x.attribute, x.group) == (claim.attribute, claim.group)]
    if any(x.reference_group == claim.against for x in mine):
        return ""
    known = sorted(str(x.reference_group) for x in mine)
    return f"{claim.group} against {claim.against} is the pair of no finding, only {known}"


def _where(case: Case, truth: Truth, claim: Claim) -> str:
    mask = find_slice(truth, claim.detail)
    if claim.metric == "score_gap":
        off, rest = (abs(truth.people.compute("score_gap", m)) for m in (mask, ~mask))
        return "" if off > rest else f"scores there are {off:.4f} off, elsewhere {rest:.4f}"
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
    """Thresholds that are offered truly narrow the gap that they are offered for: that of a pair,
    or the widest between judgeable groups."""
    found = find_thresholds(case, claim.detail, claim.attribute)
    people = truth.people
    cuts = np.full(len(people.share), 0.5)
    for group, cut in found.items():
        mask = people.all() if group is None else truth.find_mask(claim.attribute, group)
        cuts = np.where(mask, cut, cuts)
    rates = next(rates for words, rates in _AIMS.items() if claim.detail.startswith(words))
    before, after = (
        max(_spread(population, truth, claim, rate) for rate in rates)
        for population in (people, people.decide_at(cuts))
    )
    return "" if after < before else f"the gap goes from {before:.4f} to {after:.4f}"


_AIMS = {
    "demographic parity": ("selection_rate",),
    "equal opportunity": ("true_positive_rate",),
    "equalized odds": ("true_positive_rate", "false_positive_rate"),
}


def _spread(people: Population, truth: Truth, claim: Claim, rate: str) -> float:
    groups = truth.list_groups(claim.attribute, rate)
    names = [name for name, group in groups.items() if group.n >= MIN_ROWS]
    if claim.group and claim.against:
        names = [claim.group, claim.against]
    values = [people.compute(rate, truth.find_mask(claim.attribute, name)) for name in names]
    return max(values) - min(values)


def _stands_alone(case: Case, truth: Truth, claim: Claim) -> str:
    """An intersection told by itself is worse than its attributes make it (on the logit scale)."""
    rate = list_rates(claim.metric)[0]
    people = truth.people
    pairs = list(zip(claim.attribute.split(" & "), claim.group.split(" & "), strict=True))
    masks = [people.all(), truth.find_mask(claim.attribute, claim.group)]
    masks += [people.find(dict([pair])) for pair in pairs]
    values = [people.compute(rate, mask) for mask in masks]
    if people.residual is None and min(values) > 0 and max(values) < 1:
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
    "stands alone": _stands_alone, "sign": _always, "headline": _always,
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
