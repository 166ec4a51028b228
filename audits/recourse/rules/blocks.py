"""Encoded blocks: columns of 0/1 or yes/no of which exactly one is set, one category in all.

`pandas.get_dummies` and one-hot encoders leave them in a table. A change that looks at one of them
alone gives a person two jobs, or none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column

Names = tuple[str, ...]

CHANCE = 0.05
"""Columns that have nothing to do with each other look like a block with a smaller chance."""
_SEPARATORS = re.compile(r"[\W_]+")


def find_blocks(reference: pd.DataFrame, apart: Sequence[str] = ()) -> tuple[Names, ...]:
    """Return the blocks among the columns, in their order.

    A block's columns begin alike, up to a sign that is no letter ("job_clerk", "job_nurse"; the
    more columns the better), exactly one of them is set in every row, and columns that are set as
    often, but independently, would hardly do that. apart: columns that are in no block.
    """
    flags = {
        str(name): _read_flags(reference[name])
        for name in reference.columns
        if str(name) not in apart and _is_flag(reference[name])
    }
    begin_alike = _list_groups(flags)
    found: list[Names] = []
    taken: set[str] = set()
    known = -1
    while known < len(found):  # without those that are taken another group may be a block
        known = len(found)
        for group in begin_alike:
            names = tuple(name for name in group if name not in taken)
            if len(names) > 1 and _is_block([flags[name] for name in names]):
                found.append(names)
                taken |= set(names)
    order = {str(name): place for place, name in enumerate(reference.columns)}
    return tuple(sorted(found, key=lambda names: order[names[0]]))


def _list_groups(names: Iterable[str]) -> list[list[str]]:
    """Return the names that begin alike, those with the shortest beginning first."""
    groups: dict[str, list[str]] = {}
    for name in names:
        for part in _SEPARATORS.finditer(name):
            groups.setdefault(name[: part.end()], []).append(name)
    return [groups[prefix] for prefix in sorted(groups, key=lambda text: (len(text), text))]


def name_block(names: Sequence[str]) -> str:
    """Return a block's name: what its columns' names begin with, or the first of them."""
    first, last = min(names), max(names)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    ends = [part.end() for part in _SEPARATORS.finditer(first[:same])]
    return _SEPARATORS.sub(" ", first[: ends[-1]]).strip() if ends else names[0]


def _is_flag(values: pd.Series) -> bool:
    if values.isna().any() or not pd.api.types.is_numeric_dtype(values):
        return False
    return bool(values.isin([0, 1]).all())


def _read_flags(values: pd.Series) -> BoolArray:
    flags: BoolArray = values.to_numpy(dtype=np.float64) == 1
    return flags


def _is_block(flags: Sequence[BoolArray]) -> bool:
    rows = len(flags[0])
    share = np.array([np.count_nonzero(one) for one in flags]) / max(rows, 1)
    if not rows or not np.isclose(share.sum(), 1) or (share == 1).any():
        return False  # one that is always set says nothing of the others
    if not (np.column_stack(flags).sum(axis=1) == 1).all():
        return False
    alone = float((share / (1 - share)).sum() * np.prod(1 - share))
    return math.log(alone) * rows < math.log(CHANCE)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Blocks tied to the places of columns.

    members: each block's places. number: for each column its block, -1 for none; one more -1 at
    the end, for the column -1 that changes nothing.
    """

    members: tuple[IntArray, ...]
    number: IntArray

    @property
    def places(self) -> frozenset[int]:
        """The places of all columns that are in a block."""
        return frozenset(int(place) for places in self.members for place in places)

    def own(self, columns: IntArray) -> IntArray:
        """Return for each column what moves it: the first of its block, else itself."""
        first = np.array([places[0] for places in self.members], dtype=np.int64)
        number = self.number[columns]
        moved: IntArray = np.where(number < 0, columns, first[number] if len(first) else columns)
        return moved

    def list_unset(self, columns: IntArray, old: FloatArray) -> Iterator[IntArray]:
        """Yield, for each block that is changed, the columns that this unsets, `[n, most set]`; -1
        where there is none.

        columns: those that are changed on purpose, -1 for none, `[n, n_changes]`; old: the rows'
        codes, `[n, n_columns]`. What is missing is unset too.
        """
        numbers = self.number[columns]
        for number, places in enumerate(self.members):
            here, slot = np.nonzero(numbers == number)
            if not here.size:
                continue
            unset = (old[here][:, places] != 0) & (places != columns[here, slot][:, None])
            most = int(unset.sum(axis=1).max())
            order = np.argsort(~unset, axis=1, kind="stable")[:, :most]
            found = np.full((len(columns), most), -1, dtype=np.int64)
            found[here] = np.where(np.take_along_axis(unset, order, axis=1), places[order], -1)
            yield found

    def keep_acts(self, new: FloatArray, old: FloatArray, differs: BoolArray) -> BoolArray:
        """Return which columns are changed on purpose: of a block the one that comes to be set.

        new, old: codes `[n, n_columns]`; of several that are set the highest counts.
        """
        acts = differs.copy()
        for places in self.members:
            best = places[np.nan_to_num(new[:, places], nan=-np.inf).argmax(axis=1)]
            rows = np.arange(len(new))
            acts[:, places] = False
            acts[rows, best] = differs[:, places].any(axis=1) & (old[rows, best] != 1)
        return acts

    def compute_whole(self, old: FloatArray, new: FloatArray) -> BoolArray:
        """Say which changed rows have exactly one set of each block that changed, `[n]`."""
        whole = np.ones(len(new), dtype=np.bool_)
        for places in self.members:
            before, after = old[:, places], new[:, places]
            same = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
            one = ((after == 1).sum(axis=1) == 1) & ((after == 0).sum(axis=1) == len(places) - 1)
            whole &= same | one
        return whole


def tie_blocks(blocks: Sequence[Names], columns: Sequence[Column]) -> Blocks:
    """Tie blocks to the places of columns; those that are not all there are left out."""
    places = {column.name: place for place, column in enumerate(columns)}
    known = [names for names in blocks if all(name in places for name in names)]
    members = tuple(np.array([places[name] for name in names]) for names in known)
    number = np.full(len(columns) + 1, -1, dtype=np.int64)
    for which, own in enumerate(members):
        number[own] = which
    return Blocks(members, number)
