"""The four-fifths rule for one group against another, in exact integer arithmetic.

Clauses and how far their texts were checked: `audits.core.words.clauses`. The formulas are those of
the field (general knowledge), checked against worked numbers in the tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy import special

from audits.cube import compute_exact_test

SIGNIFICANT = 0.05
"""The level of the Uniform Guidelines' own questions and answers (24; general knowledge)."""

FEW = 2
"""Practical significance: a finding that as many more selections would undo is not one of
practice (general knowledge: Waisome v. Port Authority, 2d Cir. 1991)."""


class Undefined(StrEnum):
    """Why there is no impact ratio."""

    EMPTY_GROUP = "nobody is in this group"
    EMPTY_REFERENCE = "nobody is in the reference group"
    NOBODY_SELECTED = "nobody was selected in either group"
    REFERENCE_ZERO = "nobody was selected in the reference group"


@dataclass(frozen=True, slots=True)
class AdverseImpact:
    """One group against the one selected most often.

    undefined: why there is no impact ratio, None where there is one.
    below_four_fifths: in integers; exactly four fifths is not below.
    z, z_p: difference of the rates in pooled standard errors, and its two-sided p-value; None
    where nobody or everybody was selected. hypergeometric_z: the same with all margins fixed.
    fisher_p, mid_p: see `ExactTest`. flips: one different selection would turn the order of the
    two rates round. significant: Fisher's p is under 0.05. robust: it still is if two more of
    the group were selected. shortfall: how many more of the group would have been selected at
    the rate of both groups together, in persons; below zero, how many fewer.
    """

    impact_ratio: float | None
    undefined: Undefined | None
    below_four_fifths: bool | None
    z: float | None
    z_p: float | None
    hypergeometric_z: float | None
    fisher_p: float | None
    mid_p: float | None
    flips: bool
    significant: bool
    robust: bool
    shortfall: float | None


def compute_adverse_impact(selected: int, n: int, ref_selected: int, ref_n: int) -> AdverseImpact:
    """Compare `selected` of `n` people with `ref_selected` of `ref_n` in the reference group."""
    undefined = _find_undefined(selected, n, ref_selected, ref_n)
    if undefined in (Undefined.EMPTY_GROUP, Undefined.EMPTY_REFERENCE):
        nothing = (None,) * 6
        return AdverseImpact(None, undefined, *nothing, False, False, False, None)
    ratio = None if undefined else compute_impact_ratio(selected, n, ref_selected, ref_n)
    z, hypergeometric_z = _compute_z(selected, n, ref_selected, ref_n)
    test = compute_exact_test(selected, n, ref_selected, ref_n)
    significant = test.fisher < SIGNIFICANT
    more = min(selected + FEW, n)
    return AdverseImpact(
        impact_ratio=ratio,
        undefined=undefined,
        below_four_fifths=None if undefined else 5 * selected * ref_n < 4 * ref_selected * n,
        z=z,
        z_p=None if z is None else float(special.erfc(abs(z) / math.sqrt(2))),
        hypergeometric_z=hypergeometric_z,
        fisher_p=test.fisher,
        mid_p=test.mid_p,
        flips=is_flipped_by_one(selected, n, ref_selected, ref_n),
        significant=significant,
        robust=significant
        and compute_exact_test(more, n, ref_selected, ref_n).fisher < SIGNIFICANT,
        shortfall=compute_shortfall(selected, n, ref_selected, ref_n),
    )


def compute_impact_ratio(selected: int, n: int, ref_selected: int, ref_n: int) -> float:
    """Return the ratio of the two rates: one division of whole numbers, so that 3 of 5 against
    6 of 8 is 0.8 (0.6 / 0.75 is 0.7999999999999999). n and ref_selected are above 0."""
    return (selected * ref_n) / (ref_selected * n)


def compute_shortfall(selected: int, n: int, ref_selected: int, ref_n: int) -> float:
    """Return the group's expected number of selections at both groups' common rate, minus the
    actual one. It is under 1 exactly where one different selection turns the result round."""
    return (ref_selected * n - selected * ref_n) / (n + ref_n)


def is_flipped_by_one(selected: int, n: int, ref_selected: int, ref_n: int) -> bool:
    """Whether the group, selected less often, would be selected more often than the reference
    group if one of its people had been selected in place of one of theirs (both n above 0)."""
    lower = selected * ref_n < ref_selected * n
    return lower and (selected + 1) * ref_n > (ref_selected - 1) * n


def _find_undefined(selected: int, n: int, ref_selected: int, ref_n: int) -> Undefined | None:
    if n == 0:
        return Undefined.EMPTY_GROUP
    if ref_n == 0:
        return Undefined.EMPTY_REFERENCE
    if ref_selected == 0:
        return Undefined.NOBODY_SELECTED if selected == 0 else Undefined.REFERENCE_ZERO
    return None


def _compute_z(
    selected: int, n: int, ref_selected: int, ref_n: int
) -> tuple[float | None, float | None]:
    """Return the pooled z and the hypergeometric one, None where no rate can differ."""
    total, chosen = n + ref_n, selected + ref_selected
    if chosen in (0, total):
        return None, None
    shared = n * ref_n * chosen * (total - chosen)
    surplus = selected * ref_n - ref_selected * n
    # Both are surplus over its standard deviation; the margins' being fixed costs one degree.
    return surplus * math.sqrt(total / shared), surplus * math.sqrt((total - 1) / shared)
