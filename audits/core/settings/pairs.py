"""`[data.pairs]`: what the values of a descendant become when its protected column is flipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audits.core.settings.recourse import Scalar

ONE_WAY, BOTH_WAYS = " -> ", " <-> "

Pairs = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Scalar]]]]
"""`[data.pairs.sex.title]` `"Female -> Male" = { Ms = "Mr" }`: attribute, column, flip, values."""


@dataclass(frozen=True, slots=True)
class DeclaredPairs:
    """What the values of `column` become in rows of `group` that are made rows of `other`.

    values: (old, new); old ones as texts, as the file has them. A value that is not among them
    stays.
    """

    attribute: str
    column: str
    group: str
    other: str
    values: tuple[tuple[str, Scalar], ...]


def read_pairs(pairs: Pairs) -> tuple[DeclaredPairs, ...]:
    """Return the declared pairs, those of "a <-> b" in both directions.

    Raises ValueError where a flip is not written as "group -> other" or "group <-> other", has no
    values, is declared twice, or goes both ways while two values become the same one.
    """
    found: list[DeclaredPairs] = []
    for attribute, columns in pairs.items():
        for column, flips in columns.items():
            for flip, values in flips.items():
                found += _read_flip(attribute, column, flip, values)
    known = set()
    for pair in found:
        key = pair.attribute, pair.column, pair.group, pair.other
        if key in known:
            raise ValueError(
                f'pairs.{pair.attribute}.{pair.column}: "{pair.group} -> {pair.other}" is '
                "declared twice"
            )
        known.add(key)
    return tuple(found)


def _read_flip(
    attribute: str, column: str, flip: str, values: Mapping[str, Scalar]
) -> list[DeclaredPairs]:
    where = f"pairs.{attribute}.{column}"
    arrow = BOTH_WAYS if BOTH_WAYS in flip else ONE_WAY
    groups = [part.strip() for part in flip.split(arrow)]
    if len(groups) != 2 or not all(groups) or groups[0] == groups[1]:
        raise ValueError(
            f'{where}: {flip!r}: write a flip as "group -> other", or as "group <-> other" where '
            "the values go both ways"
        )
    if not values:
        raise ValueError(f'{where}: {flip!r} has no values; write them as {{ "old" = "new" }}')
    group, other = groups
    forward = DeclaredPairs(attribute, column, group, other, tuple(values.items()))
    if arrow == ONE_WAY:
        return [forward]
    back = tuple((str(new), old) for old, new in values.items())
    twice = _find_repeated([old for old, _ in back])
    if twice is not None:
        raise ValueError(
            f"{where}: {flip!r}: two values become {twice!r}, so that nothing says what it "
            'becomes on the way back; declare both ways with "->"'
        )
    return [forward, DeclaredPairs(attribute, column, other, group, back)]


def _find_repeated(values: Sequence[str]) -> str | None:
    return next((value for place, value in enumerate(values) if value in values[:place]), None)
