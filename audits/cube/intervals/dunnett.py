"""One group against all others: how large their largest gap is by chance alone (Dunnett 1955)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from audits.core.arrays import FloatArray
from audits.core.limits import ALPHA
from audits.cube.intervals.intervals import normal_quantile

_NODES = np.linspace(-8.0, 8.0, 321)
_WEIGHTS = np.exp(-(_NODES**2) / 2)
_WEIGHTS /= _WEIGHTS.sum()
_EXACT_GROUPS = 50
"""Among more groups their dependence is left out (Šidák), which is safe and quick."""
_FAR = 6.0
"""Standard errors from which on the sum of the tails is as good as the integral."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a group's gaps from all others move together: each shares the group's own error.

    share: `[others]`, the part of the gap's standard error that is the group's own.
    """

    share: FloatArray

    @classmethod
    def of(cls, error: float, others: FloatArray) -> Family:
        """Return the family of a group with a standard error among others with theirs."""
        known = others[np.isfinite(others)]
        if not len(known) or not np.isfinite(error):
            return cls(np.zeros(1))
        together = np.hypot(error, known)
        with np.errstate(invalid="ignore"):
            share = np.where(together > 0, error / together, 0.0)
        return cls(np.minimum(share, 0.99))

    def tail(self, z: float) -> float:
        """Return the chance that the largest of the gaps is z standard errors or more."""
        bound = len(self.share) * float(special.ndtr(-z))
        if z > _FAR or len(self.share) == 1:
            return bound
        if len(self.share) > _EXACT_GROUPS:
            return float(-np.expm1(len(self.share) * special.log_ndtr(z)))
        own = np.sqrt(1 - self.share**2)
        inside = special.log_ndtr((z - np.outer(_NODES, self.share)) / own).sum(axis=1)
        return min(bound, float(-(_WEIGHTS * np.expm1(inside)).sum()))

    def quantile(self) -> float:
        """Return the z that the largest gap exceeds with a chance of 2.5%."""
        if len(self.share) == 1:
            return normal_quantile()
        return float(optimize.brentq(lambda z: self.tail(z) - ALPHA / 2, 0.0, _FAR, xtol=1e-9))
