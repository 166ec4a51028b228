"""Evidence of what recourse costs whom: `burden.parquet`, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from audits.core.arrays import BoolArray
from audits.recourse.burden.burden import Burden
from audits.recourse.burden.sampling import Draw

_COST = "cost["


@dataclass(frozen=True, slots=True, eq=False)
class StoredBurden:
    """What `burden.parquet` holds: the costs, and for whom each row counts.

    settled: bool `[n]`, searched to the end; others count nowhere. everybody: bool `[n]`, drawn
    from all rejected rows; extra: the protected columns for whose small groups a row was drawn.
    """

    burden: Burden
    settled: BoolArray
    everybody: BoolArray
    extra: tuple[frozenset[str], ...]

    def members(self, attribute: str | None = None) -> BoolArray:
        """Return the rows that count for the groups of a protected column (None: for all rows
        together and for intersections)."""
        own = np.array([attribute in names for names in self.extra], dtype=np.bool_)
        return self.settled & (self.everybody | own)


def tabulate_burden(burden: Burden, draw: Draw, settled: BoolArray) -> pa.Table:
    """Return one row for each row searched: `row` text, `cost` float64 (null without recourse),
    `settled` and `everybody` boolean, `drawn_for` the protected columns for whose small groups it
    was drawn, and `cost[<feature>]` float64, which sum to `cost`."""
    without = ~np.isfinite(burden.cost)
    extra = [
        [name for name, mask in draw.extra.items() if mask[place]]
        for place in range(len(burden.rows))
    ]
    own = {
        "row": pa.array(burden.rows, pa.string()),
        "cost": pa.array(burden.cost, pa.float64(), mask=without),
        "settled": pa.array(settled, pa.bool_()),
        "everybody": pa.array(draw.base, pa.bool_()),
        "drawn_for": pa.array(extra, pa.list_(pa.string())),
    }
    parts = {
        f"{_COST}{name}]": pa.array(burden.parts[:, place], pa.float64(), mask=without)
        for place, name in enumerate(burden.columns)
    }
    return pa.table({**own, **parts})


def read_burden(table: pa.Table) -> StoredBurden:
    """Return what a table that `tabulate_burden` made holds."""
    names = [name for name in table.column_names if name.startswith(_COST)]
    cost = table["cost"].to_numpy(zero_copy_only=False)
    parts = [np.nan_to_num(table[name].to_numpy(zero_copy_only=False)) for name in names]
    burden = Burden(
        rows=tuple(table["row"].to_pylist()),
        cost=np.where(np.isnan(cost), np.inf, cost),
        columns=tuple(name.removeprefix(_COST)[:-1] for name in names),
        parts=np.column_stack(parts) if parts else np.zeros((len(cost), 0)),
    )
    return StoredBurden(
        burden,
        table["settled"].to_numpy(zero_copy_only=False).astype(np.bool_),
        table["everybody"].to_numpy(zero_copy_only=False).astype(np.bool_),
        tuple(frozenset(names) for names in table["drawn_for"].to_pylist()),
    )
