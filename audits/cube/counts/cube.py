"""The cube: how many rows have this combination of groups, true outcome, decision and score bin.

Cells are exact sums over rows, so cubes of partitions add up to the cube of the whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import EvidenceError
from audits.core.groups import name_group_column
from audits.core.scale import Scale
from audits.core.settings.spec import Task

UNKNOWN = -1
"""Code of a cell without a true outcome, a decision or a score."""

_COUNTS = ("count", "weight", "weight_squared")
SUMS: Mapping[Task, tuple[str, ...]] = {
    "binary": (*_COUNTS, "score_sum", "score_square_sum", "log_loss_sum"),
    "multiclass": (*_COUNTS, "log_loss_sum", "log_loss_square_sum"),
    "regression": (
        *_COUNTS,
        "y_sum",
        "y_square_sum",
        "y_cube_sum",
        "y_fourth_sum",
        "prediction_square_sum",
        "residual_sum",
        "residual_absolute_sum",
        "residual_square_sum",
        "residual_fourth_sum",
        "residual_square_y_sum",
        "residual_square_y_square_sum",
    ),
}
"""What each cell sums, by task. All but `count` are weighted sums; `weight_squared` sums w²,
which gives the effective number of rows, (sum w)² / sum w² (Kish 1965)."""

CODES: Mapping[Task, tuple[str, ...]] = {
    "binary": ("y_true", "y_pred", "score_bin"),
    "multiclass": ("y_true", "y_pred"),
    "regression": (),
}


@dataclass(frozen=True, slots=True)
class Cube:
    """Counts of the audited rows. All arrays have one entry a cell.

    attributes: the protected columns, in the spec's order. groups: their values, sorted.
    group_codes: `[n_cells, n_attributes]`, positions in `groups`. codes: `y_true` and `y_pred`
    as positions in `classes` (binary: 0 and 1) and `score_bin` as a position in `edges`;
    `UNKNOWN` where absent. sums: see `SUMS`. edges: lower bounds of the score bins that have
    rows, rising. score_bits: to how many bits after the binary point scores are cut down (a bin
    is 2 ** -score_bits wide), None where each bin holds one score only, which is its edge.
    threshold: the score from which a row is selected (NaN where decisions were given). scale: the
    one that given scores had before they were put between 0 and 1, None where it is that.
    """

    task: Task
    attributes: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    group_codes: IntArray
    codes: Mapping[str, IntArray]
    sums: Mapping[str, FloatArray]
    classes: tuple[str, ...]
    edges: FloatArray
    score_bits: int | None
    threshold: float | None
    scale: Scale | None = None

    @property
    def has_probabilities(self) -> bool:
        """Whether there are scores that are probabilities, not ranks alone. Of several classes:
        whether their probabilities were counted."""
        if self.scale is not None and self.scale.only_ranks:
            return False
        return self.task != "multiclass" or bool(self.sums["log_loss_sum"].any())

    @property
    def exact_scores(self) -> bool:
        """Whether every score is kept as it is."""
        return self.score_bits is None

    @property
    def rows(self) -> int:
        """Number of rows counted."""
        return int(self.sums["count"].sum())

    @property
    def weighted(self) -> bool:
        """Whether any row counts for other than one."""
        return not np.array_equal(self.sums["count"], self.sums["weight_squared"])

    def to_table(self) -> pa.Table:
        """Return the cells as the evidence table `cube.parquet` (layout: DESIGN §5)."""
        columns: dict[str, pa.Array] = {}
        for position, name in enumerate(self.attributes):
            texts = np.asarray(self.groups[name], dtype=object)
            codes = self.group_codes[:, position]
            columns[name_group_column(name)] = pa.array(texts[codes], pa.string())
        for name, code in self.codes.items():
            columns[name] = pa.array(code, pa.int32(), mask=code == UNKNOWN)
        for name, values in self.sums.items():
            columns[name] = pa.array(values.astype(np.int64) if name == "count" else values)
        facts = {
            "task": self.task,
            "attributes": self.attributes,
            "classes": self.classes,
            "score_bits": self.score_bits,
            "threshold": self.threshold,
            **({"scale": self.scale.model_dump()} if self.scale else {}),
            "edges": self.edges.tolist(),
        }
        return pa.table(columns).replace_schema_metadata({"assay.cube/1": json.dumps(facts)})

    @classmethod
    def from_table(cls, table: pa.Table) -> Cube:
        """Read `to_table`'s form back. Raises EvidenceError where it is not a cube."""
        stored = (table.schema.metadata or {}).get(b"assay.cube/1")
        if stored is None:
            raise EvidenceError("cube.parquet has no cube in it (its description is absent)")
        facts = json.loads(stored)
        attributes = tuple(facts["attributes"])
        kept = {name: table[name_group_column(name)] for name in attributes}
        groups, group_codes = encode_groups(kept, table.num_rows)
        task: Task = facts["task"]
        codes = {
            name: table[name].fill_null(UNKNOWN).to_numpy().astype(np.int64) for name in CODES[task]
        }
        return cls(
            task=task,
            attributes=attributes,
            groups=groups,
            group_codes=group_codes,
            codes=codes,
            sums={name: _read_sum(table, name) for name in SUMS[task]},
            classes=tuple(facts["classes"]),
            edges=np.asarray(facts["edges"], dtype=np.float64),
            score_bits=facts["score_bits"],
            threshold=facts["threshold"],
            scale=Scale(**facts["scale"]) if "scale" in facts else None,
        )

    def save(self, path: Path) -> None:
        """Write the cube as Parquet."""
        pq.write_table(self.to_table(), path, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> Cube:
        """Read a cube from Parquet. Raises EvidenceError where the file is none."""
        try:
            return cls.from_table(pq.read_table(path))
        except (pa.ArrowException, OSError, KeyError) as error:
            raise EvidenceError(f"{path.name} cannot be read as a cube: {error}") from error


_LATER = ("y_cube_sum", "y_fourth_sum", "residual_square_y_sum", "residual_square_y_square_sum")
"""Sums that cubes of older runs do not have."""


def _read_sum(table: pa.Table, name: str) -> FloatArray:
    if name in _LATER and name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def encode_groups(
    columns: Mapping[str, pa.ChunkedArray], cells: int
) -> tuple[dict[str, tuple[str, ...]], IntArray]:
    """Return the groups of each attribute, sorted, and every cell's position in them.

    columns: by attribute, each cell's group as text.
    """
    groups: dict[str, tuple[str, ...]] = {}
    codes = np.zeros((cells, len(columns)), dtype=np.int64)
    for position, (name, column) in enumerate(columns.items()):
        encoded = column.combine_chunks().dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        order = sorted(range(len(texts)), key=texts.__getitem__)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        groups[name] = tuple(texts[code] for code in order)
        codes[:, position] = place[encoded.indices.to_numpy()]
    return groups, codes
