"""What a number is of, where it is not of all: the texts in `Measurement.slice`."""

from __future__ import annotations

COLUMN = "column="
"""Before a column's name in `slice`: the number is of this column of the data."""

CLASS = "class="
"""Before a class's name in `slice`: the number is of this class against all others."""

FEATURE = "feature="
"""Before a column's name in `slice`: the number is of this column of the model."""
REASON = "reason="
"""Before a reason's words in `slice`."""
ALL_COLUMNS = "all columns together"
_METHOD = "method="
_PAIR = "|"


def name_pair(method: str, other: str = "") -> str:
    """Return the slice of a measurement of an attribution, or of it beside another."""
    return f"{_METHOD}{method}{_PAIR}{other}" if other else f"{_METHOD}{method}"


def split_pair(slice_name: str) -> tuple[str, str]:
    """Return the method and the other one ("" for none) that a slice names."""
    method, _, other = slice_name.removeprefix(_METHOD).partition(_PAIR)
    return method, other
