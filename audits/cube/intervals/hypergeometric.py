"""Fisher's exact test and its mid-p, from two tails: fast whatever the number of people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

_TIE = 1e-7
"""Tables whose log probabilities differ by no more than this are equally likely (R's fisher.test
takes the same): rounding must not decide which table counts."""

_REACH, _MIN_REACH = 12.0, 64
# Beyond 12 standard deviations past the table seen (64 steps where the spread is small) a tail
# adds less than one part in 10^16.

LogChance = Callable[[NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class ExactTest:
    """Two-sided p-values of equal selection rates, with all margins of the table fixed.

    fisher: probability of all tables that are at most as likely as the one seen (Fisher 1935).
    mid_p: the same with half of those equally likely (Lancaster 1961); less cautious.
    """

    fisher: float
    mid_p: float


def compute_exact_test(selected: int, n: int, ref_selected: int, ref_n: int) -> ExactTest:
    """Return the test of `selected` of `n` people against `ref_selected` of `ref_n`, both n > 0."""
    chosen, total = selected + ref_selected, n + ref_n
    if selected > _mode(n, chosen, total):
        # Seen from the other group the same table lies below the likeliest one.
        selected, n, ref_n = ref_selected, ref_n, n
    every = _log_choose(total, np.asarray(chosen))

    def log_chance(k: NDArray[np.int64]) -> NDArray[np.float64]:
        return _log_choose(n, k) + _log_choose(ref_n, chosen - k) - every

    lowest, highest = max(0, chosen - ref_n), min(chosen, n)
    seen = float(log_chance(np.asarray(selected)))
    reach = _MIN_REACH + int(_REACH * math.sqrt(_variance(n, ref_n, chosen)))
    start = max(selected + 1, _mode(n, chosen, total))
    other = _first_unlikelier(log_chance, start, highest, seen)
    tables = np.concatenate(
        [
            np.arange(max(lowest, selected - reach), selected + 1),
            np.arange(other, min(highest, other + reach) + 1),
        ]
    )
    logs = log_chance(tables)
    tied = np.abs(logs - seen) <= _TIE
    ties = float(np.exp(logs[tied]).sum())
    both = ties + float(np.exp(logs[~tied]).sum())
    return ExactTest(fisher=min(both, 1.0), mid_p=min(both, 1.0) - ties / 2)


def _mode(n: int, chosen: int, total: int) -> int:
    """Return the likeliest number of selected people in a group of n."""
    return (n + 1) * (chosen + 1) // (total + 2)


def _variance(n: int, ref_n: int, chosen: int) -> float:
    """Return the variance of the number of selected people in a group of n."""
    total = n + ref_n
    return n * ref_n * chosen * (total - chosen) / (total**2 * max(total - 1, 1))


def _first_unlikelier(log_chance: LogChance, start: int, highest: int, seen: float) -> int:
    """Return the first k from `start` on, above the mode, that is at most as likely as the table
    seen; `highest + 1` where there is none."""
    low, high = start, highest + 1
    while low < high:
        middle = (low + high) // 2
        if float(log_chance(np.asarray(middle))) <= seen + _TIE:
            high = middle
        else:
            low = middle + 1
    return low


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logarithm of the binomial coefficients of n over k, 0 <= k <= n."""
    return np.asarray(-special.betaln(n - k + 1, k + 1) - math.log1p(n), dtype=np.float64)
