"""From ranked candidates to the few worth testing: each tells something that no other does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.core.arrays import FloatArray
from audits.slices.cuts import Codes, Cut, Mask
from audits.slices.search import Candidate, compare_sums, find_rows
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
