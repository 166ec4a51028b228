"""From ranked candidates to the few worth testing: no two are about the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audits.slices.cuts import Codes, Cut, Mask
from audits.slices.search import Candidate, find_rows

MOST_SHARED = 0.5
"""Two slices that share more than half of the rows that either has (Jaccard) are one finding."""
LOOKED_AT = 500
"""Candidates that are compared at most, best first: a bound on time."""


def choose_distinct(
    cuts: Sequence[Cut], codes: Codes, candidates: Sequence[Candidate], answers: int
) -> list[Candidate]:
    """Return the best `answers` candidates that differ in their rows; `candidates` best first."""
    chosen: list[Candidate] = []
    masks: list[Mask] = []
    for candidate in candidates[:LOOKED_AT]:
        rows = find_rows(cuts, codes, candidate)
        if all(_share_rows(rows, other) <= MOST_SHARED for other in masks):
            chosen.append(candidate)
            masks.append(rows)
        if len(chosen) == answers:
            break
    return chosen


def _share_rows(one: Mask, other: Mask) -> float:
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1.0
