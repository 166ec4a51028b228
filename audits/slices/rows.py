"""The searched rows as small numbers: one byte a row and column, read in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from audits.core.arrays import FloatArray
from audits.data import AuditTable, Column
from audits.slices.cuts import Codes, Cut, Mask, cut_numbers, cut_texts, find_edges

BATCH = 65_536
CUT_ROWS = 100_000
"""Cuts are found from at most so many rows: an eighth of them is known to within 0.2 points."""


@dataclass(frozen=True, slots=True)
class CutRows:
    """Cuts with at least one condition each, and every searched row's levels `[cuts, rows]`."""

    cuts: tuple[Cut, ...]
    codes: Codes


@dataclass(slots=True)
class _Seen:
    """What the first pass learns of a column: a sample, and facts about every value."""

    column: Column
    numbers: list[FloatArray] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    lowest: float = np.inf
    highest: float = -np.inf
    whole: bool = True

    def add(self, values: pa.Array, sampled: Mask) -> None:
        if not self.column.is_numeric:
            found = values.filter(pa.array(sampled)).drop_null().value_counts()
            self.texts.update({row["values"]: row["counts"] for row in found.to_pylist()})
            return
        numbers = values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        known = ~np.isnan(numbers)
        self.numbers.append(numbers[known & sampled])
        if known.any():
            some = numbers[known]
            self.lowest = min(self.lowest, float(some.min()))
            self.highest = max(self.highest, float(some.max()))
            self.whole = self.whole and bool((some == np.floor(some)).all())

    def cut(self) -> Cut:
        """Return the column's cut."""
        name = self.column.name
        if not self.column.is_numeric:
            return cut_texts(name, dict(self.texts))
        numbers = np.concatenate(self.numbers)
        return cut_numbers(
            name, find_edges(numbers), self.lowest, self.highest,
            self.whole and bool(np.isfinite([self.lowest, self.highest]).all()),
        )  # fmt: skip


def read_cut_rows(
    table: AuditTable,
    columns: Sequence[Column],
    searched: Mask,
    least: int,
    generator: np.random.Generator,
) -> CutRows:
    """Read the columns of the searched rows twice: once to find the cuts, once to apply them.

    searched: which of the table's rows, `[table.rows]`. least: conditions that fewer rows meet,
    or fewer do not, are left out; so are columns without any.
    """
    total = int(searched.sum())
    sampled = searched & (generator.random(len(searched)) * total < CUT_ROWS)
    seen = [_Seen(column) for column in columns]
    for start, batch in _batches(table, columns):
        part = sampled[start : start + batch.num_rows]
        for one, values in zip(seen, batch.columns, strict=True):
            one.add(values, part)
    cuts = [one.cut() for one in seen]
    codes = np.empty((len(cuts), total), dtype=np.uint8)
    written = 0
    for start, batch in _batches(table, columns):
        part = searched[start : start + batch.num_rows]
        stop = written + int(part.sum())
        for position, (cut, values) in enumerate(zip(cuts, batch.columns, strict=True)):
            codes[position, written:stop] = cut.encode(values)[part]
        written = stop
    cuts = [
        cut.keep_supported(np.bincount(own, minlength=cut.levels), least)
        for cut, own in zip(cuts, codes, strict=True)
    ]
    kept = [position for position, cut in enumerate(cuts) if cut.words]
    return CutRows(tuple(cuts[i] for i in kept), codes[kept])


def _batches(table: AuditTable, columns: Sequence[Column]) -> Iterator[tuple[int, pa.RecordBatch]]:
    start = 0
    for batch in table.column_batches(columns, BATCH):
        yield start, batch
        start += batch.num_rows
