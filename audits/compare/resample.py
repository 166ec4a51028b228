"""Functions of paired counts: what they would be had chance dealt the rows otherwise.

Two questions, two ways to draw. How large is a change if the runs are alike? Each row that was
decided differently is dealt to the one run or the other by a coin (the sign-flip test, of which
McNemar's is the case of one share). How much does the change vary with the rows? Rows are drawn
anew from their cells. The larger of the two standard errors counts: the first holds where few
rows differ, the second where the runs differ in much else.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from audits.compare.pairs import GroupedPairs
from audits.compare.scale import ChangeTest, Z, compute_normal_p
from audits.core.arrays import FloatArray, IntArray
from audits.cube import RATES, resample_counts

_DRAWS = 2000
_PLACES = 40_000_000
"""Groups times draws times cells are at most so many: memory stays bounded for many groups."""
_MIN_DRAWS = 200
_DEFINED = 0.95
"""In so many draws a number has to be defined, or nothing is said by them."""
_COUNTED = 20
"""From so many draws beyond the change on, their share is the p-value; below, the z test is."""

Share = Callable[[str], FloatArray]
"""From a rate's name to its shares `[draws, n_groups]` (or `[1, n_groups]`, as counted)."""
Statistic = Callable[[Share], FloatArray]
"""From shares to one number a draw, `[draws]`."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Confusion counts `[draws, n_groups, 3, 2]` of one run, with their shares as asked for."""

    confusion: FloatArray
    shares: dict[str, FloatArray] = field(default_factory=dict)

    def share(self, name: str) -> FloatArray:
        if name not in self.shares:
            self.shares[name] = compute_share(name, self.confusion)
        return self.shares[name]


def compute_share(name: str, confusion: FloatArray) -> FloatArray:
    """Return a rate, F1 or balanced accuracy of counts `[..., 3, 2]`; NaN where undefined."""
    if name == "balanced_accuracy":
        return (
            RATES["true_positive_rate"].share(confusion)
            + RATES["true_negative_rate"].share(confusion)
        ) / 2
    if name == "f1":
        hits = 2 * confusion[..., 1, 1]
        all_rows = hits + confusion[..., 0, 1] + confusion[..., 1, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(all_rows > 0, hits / all_rows, np.nan)
    return RATES[name].share(confusion)


SHARES = (*RATES, "balanced_accuracy", "f1")
"""What `compute_share` knows."""


class Resampler:
    """The draws of one grouping, made once and asked for many numbers."""

    def __init__(self, grouped: GroupedPairs, seed: int, name: str) -> None:
        self.grouped = grouped
        generator = np.random.default_rng([seed, zlib.crc32(f"compare:{name}".encode())])
        draws = min(_DRAWS, max(_MIN_DRAWS, _PLACES // (12 * len(grouped.labels))))
        self._seen = [_Drawn(part[None]) for part in split(grouped.joint)]
        self._flipped = [_Drawn(part) for part in _flip(grouped, draws, generator)]
        self._redrawn = [_Drawn(part) for part in _redraw(grouped, draws, generator)]

    def test(self, statistic: Statistic, groups: IntArray | None) -> ChangeTest | None:
        """Return the change of a statistic; None where it is undefined, or in too many draws.

        groups: whose rows it rests on; None for all.
        """
        change = float(_subtract(self._seen, statistic)[0])
        flipped, redrawn = (_subtract(part, statistic) for part in (self._flipped, self._redrawn))
        known = flipped[np.isfinite(flipped)], redrawn[np.isfinite(redrawn)]
        if not np.isfinite(change) or min(map(len, known)) < _DEFINED * len(flipped):
            return None
        # Drawn from a null that is centred at no change: the root of the mean square.
        error = max(float(np.sqrt(np.mean(known[0] ** 2))), float(known[1].std(ddof=1)))
        half = Z * error
        discordant = self.grouped.discordant
        rows = float((discordant if groups is None else discordant[groups]).sum())
        return ChangeTest(
            change,
            change - half,
            change + half,
            _compute_p(change, error, known[0], rows),
            "paired_resampling",
        )


def _compute_p(change: float, error: float, null: FloatArray, rows: float) -> float:
    extreme = int(np.count_nonzero(np.abs(null) >= abs(change) - 1e-12))
    counted = (1 + extreme) / (1 + len(null)) if extreme >= _COUNTED else 0.0
    smooth = compute_normal_p(change, error)
    # So many coins cannot give less, whatever the normal curve says.
    least = float(np.exp2(1 - rows))
    return min(1.0, max(counted, smooth, least))


def split(joint: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return both runs' confusion counts `[..., true, decision]` of joint counts."""
    return joint.sum(axis=-1), joint.sum(axis=-2)


def _flip(
    grouped: GroupedPairs, draws: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    joint = grouped.joint
    turned = joint[..., 0, 1] + joint[..., 1, 0]
    whole = np.rint(turned).astype(np.int64)
    scale = np.divide(turned, whole, out=np.ones_like(turned), where=whole > 0)
    gained = generator.binomial(whole, 0.5, size=(draws, *whole.shape)) * scale
    lost = turned - gained
    no, yes = joint[..., 0, 0], joint[..., 1, 1]
    return (
        np.stack([no + gained, yes + lost], axis=-1),
        np.stack([no + lost, yes + gained], axis=-1),
    )


def _redraw(
    grouped: GroupedPairs, draws: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Half a row more in every cell, so that no change seen is not none ever (Agresti and Min
    2005, Statistics in Medicine 24:729)."""
    joint = grouped.joint
    some = joint.sum(axis=(2, 3), keepdims=True) > 0
    drawn = resample_counts(joint + 0.5 * some, joint.sum(axis=(1, 2, 3)), draws, generator)
    return split(drawn)


def _subtract(pair: list[_Drawn], statistic: Statistic) -> FloatArray:
    before, after = pair
    return statistic(after.share) - statistic(before.share)
