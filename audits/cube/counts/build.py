"""Building a cube: one grouped pass over the scored rows, in DuckDB."""

from __future__ import annotations

import glob
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.core.arrays import FloatArray, IntArray
from audits.core.groups import name_group_column
from audits.core.limits import MIN_ROWS_FOR_AUC_BOUND
from audits.core.scale import Scale
from audits.core.settings.spec import Task
from audits.cube.counts.cube import CODES, SUMS, UNKNOWN, Cube, encode_groups
from audits.cube.counts.keys import number_combinations
from audits.cube.counts.merge import EXACT_SCORES, coarsen
from audits.cube.counts.view import compute_view
from audits.cube.ranking import compute_auc_bound

AUC_BOUND = 1e-4
"""Bins are made finer until no AUC of the whole, or of a group with at least
`MIN_ROWS_FOR_AUC_BOUND` rows, can be further off than this. The bound that holds is measured and
printed in any case."""

MAX_CLASSES = 20
"""Models of more classes are not counted class by class."""

_FIRST_BITS, _FINER, _LAST_BITS = 16, 4, 24
_MIN_BITS = 10
# A thousand bins at the least, so that any threshold is met to a tenth of a point.

_EPS = float(np.finfo(np.float64).eps)
# Probabilities of 0 and 1 are clipped so far from the ends, as scikit-learn's log_loss does.

_FIXED_BITS = 80


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum of `sql` over rows, each at most 2 ** `exponent` in size.

    Added as integers in steps of 2 ** (exponent - 80), so that the order of the rows, and of the
    threads that add them up, cannot change the result: the same data give the same report.
    """

    sql: str
    exponent: int

    def render(self) -> str:
        scale = 2.0 ** (_FIXED_BITS - self.exponent)
        whole = f"CAST(round(({self.sql}) * {scale!r}) AS HUGEINT)"
        return f"coalesce(CAST(sum({whole}) AS DOUBLE) / {scale!r}, 0.0)"


def _tabulate_sums(
    task: Task, sizes: Mapping[str, int], *, scored: bool, classes: tuple[str, ...]
) -> dict[str, str]:
    """Return SQL for every sum of a cell. sizes: exponents that bound w, y and r."""
    w, y, r = sizes["w"], sizes["y"], sizes["r"]
    sums: dict[str, str | _Sum] = {
        "count": "count(*)",
        "weight": _Sum("w", w),
        "weight_squared": _Sum("w * w", 2 * w),
    }
    if not sizes["weighted"]:
        sums |= {"weight": "count(*)", "weight_squared": "count(*)"}
    if task == "binary":
        loss = f"-ln(greatest(CASE WHEN y = 1 THEN s ELSE 1 - s END, {_EPS!r}))"
        known = f"CASE WHEN y IS NULL THEN 0.0 ELSE w * {loss} END"
        sums["score_sum"] = _Sum("w * s", w) if scored else "0.0"
        sums["score_square_sum"] = _Sum("w * s * s", w) if scored else "0.0"
        sums["log_loss_sum"] = _Sum(known, w + 6) if scored else "0.0"
    elif task == "multiclass":
        arms = " ".join(f"WHEN y = {i} THEN class_score{i}" for i, _ in enumerate(classes))
        loss = f"ln(greatest(CASE {arms} END, {_EPS!r}))"
        sums["log_loss_sum"] = _Sum(f"-w * {loss}", w + 6) if scored else "0.0"
        sums["log_loss_square_sum"] = _Sum(f"w * {loss} * {loss}", w + 12) if scored else "0.0"
    else:
        sums |= {
            "y_sum": _Sum("w * y", w + y),
            "y_square_sum": _Sum("w * y * y", w + 2 * y),
            "y_cube_sum": _Sum("w * y * y * y", w + 3 * y),
            "y_fourth_sum": _Sum("w * y * y * y * y", w + 4 * y),
            "prediction_square_sum": _Sum("w * (y + r) * (y + r)", w + 2 * max(y, r) + 2),
            "residual_sum": _Sum("w * r", w + r),
            "residual_absolute_sum": _Sum("w * abs(r)", w + r),
            "residual_square_sum": _Sum("w * r * r", w + 2 * r),
            "residual_fourth_sum": _Sum("w * r * r * r * r", w + 4 * r),
            "residual_square_y_sum": _Sum("w * r * r * y", w + 2 * r + y),
            "residual_square_y_square_sum": _Sum("w * r * r * y * y", w + 2 * r + 2 * y),
        }
    rendered = {name: x.render() if isinstance(x, _Sum) else x for name, x in sums.items()}
    return {name: rendered[name] for name in SUMS[task]}


def _class_code(column: str, classes: tuple[str, ...]) -> str:
    arms = " ".join(
        "WHEN '" + name.replace("'", "''") + f"' THEN {i}" for i, name in enumerate(classes)
    )
    return f"CASE {column} {arms} END"


def _row_expressions(
    task: Task, columns: Mapping[str, str], classes: tuple[str, ...], one_class: str | None
) -> dict[str, str]:
    """SQL for y (outcome), p (decision), s (score), w (weight), r (residual) and class scores of
    one row. columns: what each column of the predictions is called in the database."""
    true, decided = columns.get("y_true", "NULL"), columns["y_pred"]
    rows = {"w": columns.get("weight", "1.0"), "y": true, "p": decided}
    if one_class is not None:
        name = "'" + one_class.replace("'", "''") + "'"
        rows |= {key: f"CAST({rows[key]} = {name} AS INTEGER)" for key in ("y", "p")}
        rows["s"] = columns.get(f"y_score[{one_class}]", "NULL")
    elif task == "multiclass":
        rows |= {key: _class_code(rows[key], classes) for key in ("y", "p")}
        rows |= {
            f"class_score{i}": columns.get(f"y_score[{name}]", "NULL")
            for i, name in enumerate(classes)
        }
    elif task == "regression":
        rows["r"] = f"{decided} - {true}"
    else:
        rows["s"] = columns.get("y_score", "NULL")
    return rows


def _has_scores(
    rows: Mapping[str, str], columns: Mapping[str, str], classes: tuple[str, ...]
) -> bool:
    """Whether rows have a score or, of several classes, a probability of each."""
    if "s" in rows:
        return rows["s"] != "NULL"
    return bool(classes) and all(f"y_score[{name}]" in columns for name in classes)


def build_cube(
    connection: duckdb.DuckDBPyConnection,
    predictions: Path | pa.Table,
    *,
    task: Task,
    attributes: tuple[str, ...],
    classes: tuple[str, ...] = (),
    threshold: float | None = None,
    one_class: str | None = None,
    scale: Scale | None = None,
) -> Cube:
    """Count the rows of `predictions.parquet` (columns: DESIGN §5; a glob of files will do, and
    so will a table that was read from it).

    one_class: count a multiclass model's rows as a binary task (task "binary"): this class
    against all others.

    One pass out of core; memory grows with the number of cells, not of rows. Weights come from
    a column `weight` where there is one. Up to `EXACT_SCORES` different scores are all kept;
    more are cut down to bits after the binary point, as many as `AUC_BOUND` asks for. scale: the
    scores' own, where it is another one.
    """
    source, names = _open_predictions(connection, predictions)
    # By place: whatever columns are called, none is taken for another, or for one of these.
    columns = {name: f"column{place}" for place, name in enumerate(names)}
    rows = _row_expressions(task, columns, classes, one_class)
    rows |= {f"a{i}": columns[name_group_column(name)] for i, name in enumerate(attributes)}
    selected = ", ".join(f"{sql} AS {name}" for name, sql in rows.items())
    counting = _Counting(
        connection,
        f"(SELECT {selected} FROM {source} AS rows({', '.join(columns.values())}))",
        task=task,
        attributes=attributes,
        classes=classes,
        scored=_has_scores(rows, columns, classes),
        weighted="weight" in columns,
        threshold=threshold,
        scale=scale,
    )
    if task != "binary" or not counting.scored or counting.has_few_scores():
        return counting.count(None)
    bits = _FIRST_BITS
    cube = counting.count(bits)
    while _compute_worst_bound(cube) > AUC_BOUND and bits < _LAST_BITS:
        bits += _FINER
        cube = counting.count(bits)
    return _coarsen_to_bound(cube)


def _open_predictions(
    connection: duckdb.DuckDBPyConnection, predictions: Path | pa.Table
) -> tuple[str, list[str]]:
    """Return scored rows as a relation, and their columns' names."""
    if isinstance(predictions, pa.Table):
        connection.register("assay_predictions", predictions)
        return "assay_predictions", list(predictions.column_names)
    pattern = str(predictions)
    if predictions.is_file():
        first, pattern = predictions, glob.escape(pattern)
    else:
        first = Path(min(glob.glob(pattern), default=pattern))  # noqa: PTH207
    names = list(pq.read_schema(first).names)
    return "read_parquet('" + pattern.replace("'", "''") + "')", names


def count_classes(
    connection: duckdb.DuckDBPyConnection, predictions: Path | pa.Table, cube: Cube
) -> dict[str, Cube]:
    """Return each class of a multiclass model against all others, as binary cubes by class.

    Empty for other tasks, and for models of more than `MAX_CLASSES` classes.
    """
    if cube.task != "multiclass" or len(cube.classes) > MAX_CLASSES:
        return {}
    return {
        name: build_cube(
            connection,
            predictions,
            task="binary",
            attributes=cube.attributes,
            one_class=name,
            scale=cube.scale,
        )
        for name in cube.classes
    }


def _compute_worst_bound(cube: Cube) -> float:
    """Return how far off binning can have put the AUC of the whole or of a large group."""
    worst = 0.0
    for attributes in ((), *((name,) for name in cube.attributes)):
        view = compute_view(cube, attributes)
        bounds = [compute_auc_bound(counts) for counts in view.scored]
        large = view.rows >= MIN_ROWS_FOR_AUC_BOUND
        worst = max(worst, *np.where(large, bounds, 0.0).tolist())
    return worst


def _coarsen_to_bound(cube: Cube) -> Cube:
    """Return the coarsest cube that keeps `AUC_BOUND`: fewer cells, faster views."""
    assert cube.score_bits is not None
    low, high = _MIN_BITS, cube.score_bits
    while low < high:
        middle = (low + high) // 2
        if _compute_worst_bound(coarsen(cube, middle)) <= AUC_BOUND:
            high = middle
        else:
            low = middle + 1
    return coarsen(cube, high)


def _number_scores(
    keys: NDArray[np.float64 | np.int32], bits: int | None
) -> tuple[FloatArray, IntArray]:
    """Return the scores that occur, rising, and each cell's position in them.

    keys: scores, or whole multiples of 2 ** -bits.
    """
    if bits is None:
        edges, code = np.unique(keys.astype(np.float64), return_inverse=True)
        return edges, code.astype(np.int64)
    first, code = number_combinations([keys.astype(np.int64)], len(keys))
    return keys[first].astype(np.float64) / 2.0**bits, code


@dataclass(frozen=True, slots=True)
class _Counting:
    """A relation of rows and what is counted of it."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    task: Task
    attributes: tuple[str, ...]
    classes: tuple[str, ...]
    scored: bool
    weighted: bool
    threshold: float | None
    scale: Scale | None

    def has_few_scores(self) -> bool:
        """Whether the cube can keep every score."""
        found = self.connection.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT s FROM {self.relation} "
            f"LIMIT {EXACT_SCORES + 1})"
        ).fetchall()
        return int(found[0][0]) <= EXACT_SCORES

    def _measure_sizes(self) -> dict[str, int]:
        """Return exponents of two that no weight, outcome or residual exceeds."""
        asked = {"w": "w" if self.weighted else "1.0"}
        if self.task == "regression":
            asked |= {"y": "y", "r": "r"}
        largest = ", ".join(f"max(abs({sql}))" for sql in asked.values())
        found = self.connection.execute(f"SELECT {largest} FROM {self.relation}").fetchall()[0]
        sizes = {"w": 0, "y": 0, "r": 0, "weighted": int(self.weighted)}
        for name, size in zip(asked, found, strict=True):
            sizes[name] = math.frexp(float(size or 0.0))[1]
        return sizes

    def count(self, bits: int | None) -> Cube:
        """Return the cube with scores cut to so many bits, None for the scores as they are."""
        keys = [f"a{i}" for i, _ in enumerate(self.attributes)]
        if self.task != "regression":
            keys += ["y", "p"]
        if self.task == "binary":
            keys.append("s" if bits is None else f"CAST(floor(s * {2.0**bits!r}) AS INTEGER)")
        named_keys = [f"{key} AS k{i}" for i, key in enumerate(keys)] or ["1 AS k0"]
        rendered = _tabulate_sums(
            self.task, self._measure_sizes(), scored=self.scored, classes=self.classes
        )
        sums = [f"{sql} AS {name}" for name, sql in rendered.items()]
        query = f"SELECT {', '.join([*named_keys, *sums])} FROM {self.relation} GROUP BY ALL"
        return self._assemble(self.connection.sql(query).to_arrow_table(), bits)

    def _assemble(self, cells: pa.Table, bits: int | None) -> Cube:
        position = len(self.attributes)
        kept = {name: cells.column(place) for place, name in enumerate(self.attributes)}
        groups, group_codes = encode_groups(kept, len(cells))
        codes = {}
        edges = np.zeros(0)
        for offset, name in enumerate(CODES[self.task]):
            column = cells.column(position + offset)
            if name == "score_bin" and self.scored:
                edges, code = _number_scores(column.to_numpy(), bits)
            elif column.null_count == len(column):
                code = np.full(len(column), UNKNOWN)
            else:
                code = column.fill_null(UNKNOWN).to_numpy()
            codes[name] = code.astype(np.int64)
        # Sorted here: by small codes it is several times cheaper than by texts in the database.
        order, _ = number_combinations([*group_codes.T, *codes.values()], len(cells))
        return Cube(
            task=self.task,
            attributes=self.attributes,
            groups=groups,
            group_codes=group_codes[order],
            codes={name: code[order] for name, code in codes.items()},
            sums={
                name: cells[name].to_numpy()[order].astype(np.float64) for name in SUMS[self.task]
            },
            classes=self.classes,
            edges=edges,
            score_bits=bits,
            threshold=self.threshold,
            scale=self.scale,
        )
