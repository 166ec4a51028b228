"""Types of arrays that every room passes on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]
"""Places in other arrays, as NumPy's own functions give them."""
AnyIntArray = NDArray[np.integer[Any]]
