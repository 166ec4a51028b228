"""Files that make one table together: the same columns in each, of types that go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from audits.core.errors import InputError, near_misses
from audits.data.sql import list_identifiers


@dataclass(frozen=True, slots=True)
class Part:
    """One file's columns. file: its name. kinds: what its columns hold, "number", "text" or
    others, None where it has no values at all. types: the same as the file has them, by which files
    are read together."""

    file: str
    names: tuple[str, ...]
    kinds: tuple[str | None, ...]
    types: tuple[str, ...] = ()


def check_parts(parts: Sequence[Part], role: str) -> None:
    """Raise InputError for the first file that lacks a column of the first one, has one more, or
    holds something else in one."""
    first = parts[0]
    held: dict[str, tuple[str, str]] = {}
    for part in parts:
        if absent := next((name for name in first.names if name not in part.names), None):
            hint = near_misses(absent, [name for name in part.names if name not in first.names])
            raise InputError(
                f"{role}: file {part.file!r} has no column {absent!r}, which {first.file!r} has"
                f"{hint}; all files must have the same columns"
            )
        if added := next((name for name in part.names if name not in first.names), None):
            raise InputError(
                f"{role}: file {part.file!r} has a column {added!r}, which {first.file!r} has not; "
                "all files must have the same columns"
            )
        for name, kind in zip(part.names, part.kinds, strict=True):
            if kind is None:
                continue
            known, file = held.setdefault(name, (kind, part.file))
            if known != kind:
                raise InputError(
                    f"{role}: column {name!r} holds {kind} values in {part.file!r} and {known} "
                    f"values in {file!r}; write it alike in all files"
                )


def check_partitions(
    given: Mapping[str, Sequence[str | None]], names: Sequence[str], role: str
) -> None:
    """Raise InputError where a column that the folders' names give is in the files too."""
    known = {name.casefold(): name for name in names}
    for column in given:
        if column.casefold() in known:
            raise InputError(
                f"{role}: column {known[column.casefold()]!r} is in the files and in their "
                f'folders\' names ("{column}=..."); keep it in one of them'
            )


def list_runs(keys: Sequence[object]) -> Iterator[range]:
    """Yield the places of neighbours with equal keys."""
    for _, run in groupby(range(len(keys)), key=lambda place: keys[place]):
        places = list(run)
        yield range(places[0], places[-1] + 1)


def render_union(names: Sequence[str], relations: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return relations below each other, in their order. Each comes with its own columns' names, in
    its order; names: of the whole."""
    selects = [
        f"SELECT {list_identifiers(names)} FROM {relation} AS part({list_identifiers(own)})"
        for relation, own in relations
    ]
    return f"({' UNION ALL '.join(selects)})"
