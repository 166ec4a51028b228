"""A part of the data that people look at by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows that meet every one of the conditions, which are texts such as "age under 25"."""

    name: str
    conditions: tuple[str, ...]
