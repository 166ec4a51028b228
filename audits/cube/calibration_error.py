"""The interval of a sum of sizes, which is above zero by chance: the expected calibration error.

The error adds up how far each bin's outcomes lie from its scores, whichever way, so that chance
always adds to it: the error of a perfectly calibrated model is above zero, and a bootstrap of it
twice as far. The interval has the errors that a test would not reject instead (hybrid resampling:
Chuang and Lai 2000, Statistica Sinica 10:1): for a supposed error, the bins' gaps are those
nearest to the ones seen that add up to it, and outcomes are drawn as if these were true.

What the gaps are when the error is as supposed decides how much chance adds. For the lower limit
they are the nearest in likelihood (small gaps vanish first, as few bins carry the error and chance
adds the most); for the upper one they all shrink alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray

_RESAMPLES = 1000
_HALVINGS = 15
_BLOCK = 16
"""Groups looked at together: memory stays bounded."""
_TAIL = 0.0225
"""Chance of missing on either side, a little under 2.5%: what the gaps truly are is not known."""
_REACH = 16.0
"""The furthest limits looked for, in about half standard errors."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Bins:
    """Outcomes and scores by bin, arrays `[n_groups, n_bins]`.

    hits, rows: effective positives and rows; a bin may be empty. score: mean scores in [0, 1].
    """

    hits: FloatArray
    rows: FloatArray
    score: FloatArray


@dataclass(frozen=True, slots=True)
class Limits:
    """The interval of every group's error, within [0, 1], and the error at which one as large as
    seen is as likely as not: what is left of it without chance. NaN for groups without rows."""

    low: FloatArray
    centre: FloatArray
    high: FloatArray


def compute_calibration_limits(bins: Bins, generator: np.random.Generator) -> Limits:
    """Return the interval of the expected calibration error of every group.

    The lower limit is 0 exactly where calibration in all bins is not rejected at that level.
    """
    groups, width = bins.rows.shape
    noise = _Noise(
        generator.standard_normal((_RESAMPLES, width)), generator.standard_normal(_RESAMPLES)
    )
    low, centre, high = np.full((3, groups), np.nan)
    known = np.flatnonzero(bins.rows.sum(axis=1) > 0)
    for start in range(0, len(known), _BLOCK):
        some = known[start : start + _BLOCK]
        part = Bins(bins.hits[some], bins.rows[some], bins.score[some])
        found = _Inversion.prepare(part, noise).limits()
        low[some], centre[some], high[some] = found.low, found.centre, found.high
    return Limits(low, centre, high)


@dataclass(frozen=True, slots=True)
class _Noise:
    """Standard normal draws: of outcomes `[resamples, n_bins]`, and of the bins' sizes."""

    outcomes: FloatArray
    sizes: FloatArray


@dataclass(frozen=True, slots=True)
class _Inversion:
    """What is needed to ask how likely an error as small as the one seen is.

    gap: the sizes of the gaps seen, sign: their directions; spread: variance of an outcome in
    each bin; share: of the rows in each bin; seen: the error.
    """

    bins: Bins
    noise: _Noise
    gap: FloatArray
    sign: FloatArray
    spread: FloatArray
    share: FloatArray
    seen: FloatArray
    reach: FloatArray

    @classmethod
    def prepare(cls, bins: Bins, noise: _Noise) -> _Inversion:
        some = bins.rows > 0
        rows = np.where(some, bins.rows, 1.0)
        score = np.where(some, bins.score, 0.5)
        hits = np.where(some, bins.hits, 0.5)
        gap = hits / rows - score
        sign = np.where(gap != 0, np.sign(gap), np.where(score < 0.5, 1.0, -1.0))
        drawn = (hits + score) / (rows + 1)
        spread = np.where(some, np.maximum(drawn * (1 - drawn), 1e-9), 0.0)
        total = bins.rows.sum(axis=1)
        share = bins.rows / total[:, None]
        return cls(
            bins=Bins(hits, rows, score),
            noise=noise,
            gap=np.abs(gap),
            sign=sign,
            spread=spread,
            share=share,
            seen=(share * np.abs(gap)).sum(axis=1),
            reach=_REACH / np.sqrt(total * np.maximum((share * spread).sum(axis=1), 1e-12)),
        )

    def limits(self) -> Limits:
        """Return both ends and the middle."""
        vanished = (self.gap / np.where(self.spread > 0, self.spread, np.inf)).max(axis=1)
        least = -np.maximum(vanished, 1e-300)
        at_zero = self._try(least, nearest=True)[1]
        low = self._halve(least, np.zeros_like(least), _TAIL, nearest=True)
        centre = self._halve(least, self.reach, 0.5, nearest=True)
        high = self._halve(-self.reach, self.reach, 1 - _TAIL, nearest=False)
        low = np.where(at_zero >= _TAIL, 0.0, np.minimum(low, self.seen))
        centre = np.where(at_zero >= 0.5, 0.0, centre)
        high = np.clip(np.where(at_zero >= 1 - _TAIL, 0.0, high), low, 1.0)
        return Limits(low, np.clip(centre, low, high), high)

    def _halve(
        self, bottom: FloatArray, top: FloatArray, wanted: float, *, nearest: bool
    ) -> FloatArray:
        """Return the error at which one at least as large as seen has the chance `wanted`."""
        for _ in range(_HALVINGS):
            middle = (bottom + top) / 2
            small = self._try(middle, nearest=nearest)[1] < wanted
            bottom, top = np.where(small, middle, bottom), np.where(small, top, middle)
        return self._try((bottom + top) / 2, nearest=nearest)[0]

    def _try(self, step: FloatArray, *, nearest: bool) -> tuple[FloatArray, FloatArray]:
        """Return the error `step` away, and the chance to see one as large as seen if it is true.

        Ties count half. Binomial draws by their normal ones with the skewness put right (Cornish
        and Fisher 1938), so that all steps rest on the same draws.
        """
        gap = self.gap + step[:, None] * self.spread
        if not nearest:
            gap = np.where(step[:, None] < 0, self.gap * (1 + (step / self.reach)[:, None]), gap)
        rows, score = self.bins.rows, self.bins.score
        true = np.clip(score + self.sign * np.maximum(gap, 0.0), 0.0, 1.0)
        size = np.abs(true - score)
        error = (self.share * size).sum(axis=1)
        deviation = np.sqrt(rows * true * (1 - true))
        safe = np.where(deviation > 0, deviation, 1.0)
        skew = np.where(deviation > 0, (1 - 2 * true) / (6 * safe), 0.0)
        outcomes = self.noise.outcomes
        moved = outcomes + skew[:, None] * (outcomes**2 - 1)
        hits = np.rint((rows * true)[:, None] + deviation[:, None] * moved)
        hits = np.clip(hits, 0.0, rows[:, None])
        drawn = np.abs(hits / rows[:, None] - score[:, None])
        # How many rows fall into each bin varies too.
        total = np.where(self.share > 0, rows, 0.0).sum(axis=1)
        varied = np.maximum((self.share * size**2).sum(axis=1) - error**2, 0.0) / total
        found = np.einsum("grb,gb->gr", drawn, self.share)
        found += np.sqrt(varied)[:, None] * self.noise.sizes
        apart = found - self.seen[:, None]
        tied = (np.abs(apart) <= _SAME).mean(axis=1)
        return error, (apart > _SAME).mean(axis=1) + tied / 2
