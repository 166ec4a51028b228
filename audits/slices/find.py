"""Worst slices from start to end: found on one half of the rows, measured on the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.groups import JOIN
from audits.core.report.estimate import Estimate
from audits.cube import compute_holm
from audits.slices.cuts import Codes, Cut, Mask
from audits.slices.estimate import Difference, estimate_difference
from audits.slices.rows import CutRows
from audits.slices.search import ALPHA, BUDGET, Candidate, compare_sums, find_rows, search_slices
from audits.slices.sums import Summed
from audits.slices.targets import Target

MAX_SHARED = 0.5
"""Two slices that share more than half of the rows that either has (Jaccard) are one finding."""
MIN_LEFT = 0.5
"""A slice that loses more than half of its effect once the rows of better ones are set aside is
only their echo."""
MIN_ERRORS = 3.0
"""What is left of an effect must be so many standard errors: chance leaves that in 1 of 700."""
LOOKED_AT = 500
"""Candidates that are compared at most, best first: a bound on time."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice that is worse. count: its searched rows, both halves. share: of all of them.

    estimate: slice minus rest on the half that the search did not see. p_adjusted: by Holm over
    every candidate of the audit. discovered: how much worse it was where it was found.
    """

    target: Target
    conditions: tuple[str, ...]
    count: int
    share: float
    estimate: Estimate
    p_adjusted: float
    discovered: float

    @property
    def name(self) -> str:
        """The conditions in one text."""
        return JOIN.join(self.conditions)


@dataclass(frozen=True, slots=True)
class Found:
    """Slices in the targets' order, each target's worst first. looked_at, left_out: see Search;
    tested: candidates that the other half was asked about."""

    slices: tuple[Slice, ...]
    looked_at: int
    left_out: int
    tested: int


def find_slices(
    rows: CutRows,
    targets: Sequence[Target],
    weights: FloatArray | None,
    generator: np.random.Generator,
    *,
    conditions: int,
    least: int,
    answers: int,
    budget: int = BUDGET,
    progress: Callable[[float], None] = lambda _: None,
) -> Found:
    """Find the slices that are worse than the rest of the rows, at most `answers` a target.

    least: the rows that a slice has at least, half of them where it is found.
    """
    total = rows.codes.shape[1]
    discovery = np.zeros(total, dtype=bool)
    discovery[generator.permutation(total)[: total // 2]] = True
    tested: list[tuple[Target, Candidate, Mask, Difference]] = []
    asked = looked_at = left_out = 0
    for number, target in enumerate(targets):

        def tell(fraction: float, number: int = number) -> None:
            progress((number + fraction) / len(targets))

        known = ~np.isnan(target.values)
        half = discovery & known
        codes = rows.codes[:, half]
        search = search_slices(
            rows.cuts, codes, _restrict(target, half), _take(weights, half),
            conditions=conditions, least=max(least // 2, 2), budget=budget, progress=tell,
        )  # fmt: skip
        looked_at += search.looked_at
        left_out += search.left_out
        rest = ~discovery & known
        for candidate in choose_distinct(
            rows.cuts, codes, _restrict(target, half), _take(weights, half), search.candidates,
            answers,
        ):  # fmt: skip
            asked += 1
            inside = find_rows(rows.cuts, rows.codes, candidate)
            difference = estimate_difference(
                _restrict(target, rest), _take(weights, rest), inside[rest], candidate.signs
            )
            if difference is not None:
                tested.append((target, candidate, inside, difference))
    return Found(_adjust(rows, tested), looked_at, left_out, asked)


def _adjust(
    rows: CutRows, tested: Sequence[tuple[Target, Candidate, Mask, Difference]]
) -> tuple[Slice, ...]:
    """Return those that are worse beyond chance, with p-values adjusted over all of them."""
    adjusted = compute_holm(np.array([one.p_value for *_, one in tested], dtype=np.float64))
    return tuple(
        Slice(
            target=target,
            conditions=tuple(
                rows.cuts[column].words[condition]
                for column, condition in zip(candidate.columns, candidate.conditions, strict=True)
            ),
            count=int(np.count_nonzero(inside)),
            share=float(inside.mean()),
            estimate=difference.estimate,
            p_adjusted=float(p_value),
            discovered=target.worse * candidate.effect,
        )
        for (target, candidate, inside, difference), p_value in zip(tested, adjusted, strict=True)
        if difference.worse and p_value < ALPHA
    )


def _restrict(target: Target, rows: Mask) -> Target:
    return replace(target, values=target.values[rows])


def _take(weights: FloatArray | None, rows: Mask) -> FloatArray | None:
    return None if weights is None else weights[rows]


# From ranked candidates to the few worth testing: each tells something that no other does.


def choose_distinct(
    cuts: Sequence[Cut],
    codes: Codes,
    target: Target,
    weights: FloatArray | None,
    candidates: Sequence[Candidate],
    answers: int,
) -> list[Candidate]:
    """Return the best `answers` candidates, none a near-duplicate or an echo of a better one.

    candidates: best first, found on the rows of `codes`, `target` and `weights`.
    """
    rows = Summed(target.values, weights, shares=target.shares)
    nothing: Mask = np.zeros(codes.shape[1], dtype=bool)
    whole = rows.count_rows(~nothing)
    chosen: list[Candidate] = []
    masks: list[Mask] = []
    covered = nothing
    for candidate in candidates[:LOOKED_AT]:
        met = find_rows(cuts, codes, candidate)
        if any(_share_rows(met, other) > MAX_SHARED for other in masks):
            continue
        inside, outside = rows.count_rows(met & ~covered), rows.count_rows(~met & ~covered)
        left, error = compare_sums(target, inside, outside, whole)
        # NaN where nothing is left: not above anything
        if left > MIN_LEFT * candidate.effect and left > MIN_ERRORS * error:
            chosen.append(candidate)
            masks.append(met)
            covered = covered | met
        if len(chosen) == answers:
            break
    return chosen


def _share_rows(one: Mask, other: Mask) -> float:
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1.0
