"""Values that settings name: one or several, each in one list only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator

from audits.core.settings.recourse import Scalar


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str | bool | int | float) else value


def _as_texts(value: object) -> object:
    listed = _as_list(value)
    if not isinstance(listed, list | tuple):
        return listed
    return tuple(
        str(one) if isinstance(one, int | float) and not isinstance(one, bool) else one
        for one in listed
    )


Scalars = Annotated[tuple[Scalar, ...], BeforeValidator(_as_list)]
"""Some values of a column; one alone needs no brackets."""

Texts = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]
"""Some values of any column, as texts; numbers may be written as numbers."""


def check_values_apart(named: Mapping[str, Iterable[Scalar]]) -> None:
    """Raise ValueError for a value that two of the named settings list."""
    taken: dict[str, str] = {}
    for name, values in named.items():
        for value in map(str, values):
            other = taken.setdefault(value, name)
            if other != name:
                raise ValueError(f"{value!r} is in {other} and in {name}; keep it in one of them")
