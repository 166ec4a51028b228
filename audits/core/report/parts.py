"""What a number is of, where it is not of everybody: a column, a class, a slice, a method …"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Self


class PartKind(StrEnum):
    """Kinds of parts; in a report's text the first six stand before the name, "feature=age"."""

    FEATURE = "feature"
    """A column that the model reads."""
    FEATURES = "features"
    """Two such columns that work together."""
    COLUMN = "column"
    """A column of the data."""
    CLASS = "class"
    """A class against all others."""
    REASON = "reason"
    """A reason given to people who were turned down."""
    METHOD = "method"
    """A method of explanation; `other` is one that it is held against."""
    SWAP = "swap"
    """The same people as if they were of another group, the name."""
    ALL_COLUMNS = "all columns"
    """All columns at once."""
    SLICE = "slice"
    """Rows that conditions describe."""
    HELD = "held"
    """Columns held fixed while groups are compared."""
    INTERVENTION = "intervention"
    """What numbers would be with other thresholds or a model trained anew."""
    LAW = "law"
    """A rule's own arithmetic."""


_TOGETHER = "all columns together"
_AS = "as "
_PAIR = "|"
_PREFIXED = (
    PartKind.FEATURE, PartKind.FEATURES, PartKind.COLUMN, PartKind.CLASS, PartKind.REASON,
    PartKind.METHOD,
)  # fmt: skip
_OF_CHECK: Mapping[str, PartKind] = {
    "performance.slices": PartKind.SLICE,
    "fairness.conditional": PartKind.HELD,
    "fairness.interventions": PartKind.INTERVENTION,
    "fairness.counterfactual": PartKind.SWAP,
    "rules.local_law_144": PartKind.LAW,
}
"""Checks of which every part is of one kind, so that its text has no word for the kind."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """What a number is of: a kind and a name. other: the second method of a pair, else ""."""

    kind: PartKind
    name: str = ""
    other: str = ""

    @property
    def text(self) -> str:
        """The part as it stands in a report and in a measurement's id."""
        if self.kind is PartKind.ALL_COLUMNS:
            return _TOGETHER
        if self.kind is PartKind.SWAP:
            return _AS + self.name
        name = f"{self.name}{_PAIR}{self.other}" if self.other else self.name
        return f"{self.kind}={name}" if self.kind in _PREFIXED else name

    def __str__(self) -> str:
        return self.text

    @classmethod
    @lru_cache(maxsize=65_536)
    def parse(cls, text: str, check: str = "") -> Self:
        """Return the part that a text of the report names; `check` is the check that it is of."""
        if (own := _OF_CHECK.get(check)) is not None:
            return cls(own, text.removeprefix(_AS) if own is PartKind.SWAP else text)
        if text == _TOGETHER:
            return cls(PartKind.ALL_COLUMNS)
        word, sign, name = text.partition("=")
        if not sign or word not in _PREFIXED:
            return cls(PartKind.SLICE, text)
        kind = PartKind(word)
        if kind is PartKind.METHOD:
            name, _, other = name.partition(_PAIR)
            return cls(kind, name, other)
        return cls(kind, name)
