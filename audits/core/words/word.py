"""A name and its meaning, for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A metric for readers."""

    title: str
    meaning: str
