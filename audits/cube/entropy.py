"""Inequality of what each person gets out of the decisions: generalized entropy.

Speicher et al. 2018, KDD (arXiv:1807.00787): the benefit of a row is 1 + decision - outcome: 0
for a favourable outcome that is turned down, 1 for a right decision, 2 for a favour undeserved.
0 is equal; higher is more unequal, between groups and within them.
"""

from __future__ import annotations

import numpy as np

from audits.core.arrays import FloatArray

_BENEFITS = np.array([[1.0, 2.0], [0.0, 1.0]])
"""By `[true, predicted]`."""


def _relative(confusion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the share of rows by cell, and each cell's benefit over the mean; NaN if it is 0."""
    rows = confusion.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = confusion / rows
        mean = (share * _BENEFITS).sum(axis=(-2, -1), keepdims=True)
        return share, np.where(mean > 0, _BENEFITS / mean, np.nan)


def generalized_entropy(confusion: FloatArray) -> FloatArray:
    """Return the generalized entropy index with alpha = 2: half the squared variation of benefit.

    confusion: weights `[..., 2, 2]`. NaN without rows, or where nobody has any benefit.
    """
    share, relative = _relative(confusion)
    return np.asarray((share * (relative**2 - 1)).sum(axis=(-2, -1)) / 2)


def theil(confusion: FloatArray) -> FloatArray:
    """Return the Theil index (alpha = 1): the mean of r ln r, r being benefit over its mean."""
    share, relative = _relative(confusion)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(relative == 0, 0.0, relative * np.log(relative))
    return np.asarray((share * spread).sum(axis=(-2, -1)))
