"""Check `explain.effects`: how the model's answer changes along each column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.explain.sampled import describe_rows, draw_positions, make_answer, require_model
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import EFFECTS_CHECK
from audits.cube import to_result
from audits.explain import (
    POINTS,
    QUANTILES,
    Effect,
    NoEffect,
    Range,
    compute_effects,
    compute_row_budget,
)

CODE = EFFECTS_CHECK
ACCUMULATED_ROWS = 10_000
"""Rows for accumulated effects, which need two predictions a row and column."""

PREDICTIONS = 2_000_000
"""About as many predictions are asked for at most: wide data is looked at on fewer rows."""

_FILE = "evidence/effects.parquet"


def name_quantile(quantile: float) -> str:
    """Return the evidence's column of a quantile of single rows' curves, e.g. `ice_05`."""
    return f"ice_{round(quantile * 100):02d}"


_SCHEMA = pa.schema(
    [
        ("feature", pa.string()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("number", pa.float64()),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("pdp", "pdp_low", "pdp_high")),
        *((name, pa.float64()) for name in ("ale", "ale_low", "ale_high")),
        *((name_quantile(quantile), pa.float64()) for quantile in QUANTILES),
    ]
)


def _tabulate(effect: Effect) -> pa.Table:
    grid, points = effect.grid, len(effect.grid.texts)
    found = effect.accumulated
    ale = (None, None, None) if found is None else (found.value, found.low, found.high)
    columns: list[pa.Array] = [
        pa.array([grid.feature] * points),
        pa.array([grid.kind] * points),
        pa.array(grid.texts),
        _column(grid.numbers, points),
        pa.array(grid.n, pa.int64()),
        *(_column(part, points) for part in (effect.dependence, effect.low, effect.high)),
        *(_column(part, points) for part in ale),
        *(_column(part, points) for part in effect.ice.T),
    ]
    return pa.table(columns, schema=_SCHEMA)


def _column(values: FloatArray | None, points: int) -> pa.Array:
    """Return a column of so many points, null where there is no number."""
    known = np.full(points, np.nan)
    if values is not None:
        known[: len(values)] = values
    return pa.array(known, pa.float64(), from_pandas=True)


def _measure(context: Context, found: Effect | NoEffect) -> list[Measurement]:
    if isinstance(found, NoEffect):
        nothing = Unavailable(reason=found.reason)
        return [_measurement(context, "partial_dependence_range", found.feature, nothing)]
    feature = found.grid.feature
    ranges = [("partial_dependence_range", found.dependence_range, found.dependence_rows)]
    if found.accumulated_range is not None:
        accumulated = (found.accumulated_range, found.accumulated_rows)
        ranges.append(("accumulated_effect_range", *accumulated))
    return [
        _measurement(context, metric, feature, _to_result(part, rows))
        for metric, part, rows in ranges
    ]


def _to_result(part: Range, rows: int) -> Estimate | Unavailable:
    method = "Gaussian multipliers over rows, all points at once"
    return to_result(part.value, part.low, part.high, rows, method, "no rows")


def _measurement(
    context: Context, metric: str, feature: str, result: Estimate | Unavailable
) -> Measurement:
    return build_measurement(
        CODE, metric, result,
        unit="target" if context.output is None else "difference", direction="none",
        part=Part(PartKind.FEATURE, feature), evidence=(_FILE,),
    )  # fmt: skip


def measure_effects(context: Context) -> CheckResult:
    """Take each column's partial dependence, single rows' curves and accumulated effect."""
    model, wanted = require_model(context), context.spec.explain.effects_rows
    if not wanted:
        raise CheckSkippedError("[explain] effects_rows = 0")
    features = list(model.info.features)
    curves = compute_row_budget(len(features), wanted, PREDICTIONS, POINTS + 1)
    steps = compute_row_budget(len(features), max(ACCUMULATED_ROWS, wanted), PREDICTIONS // 2, 2)
    positions = draw_positions(context, max(curves, steps), f"{CODE}:rows")
    found = compute_effects(
        make_answer(context),
        context.table.read_rows(positions)[features],
        context.generator(CODE),
        dependence_rows=curves,
        progress=lambda fraction: context.progress(CODE, fraction),
    )
    drawn = [item for item in found if isinstance(item, Effect)]
    if not drawn:
        raise CheckNotApplicableError(
            "no column that the model uses has two different values in the rows"
        )
    table = pa.concat_tables([_tabulate(item) for item in drawn])
    pq.write_table(table, context.folder / _FILE, compression="zstd")
    described = (
        f"Effects of {len(drawn)} of {len(features)} columns: accumulated from "
        f"{describe_rows(context, len(positions))}; partial dependence from "
        f"{describe_rows(context, min(curves, len(positions)))}"
    )
    measured = tuple(item for one in found for item in _measure(context, one))
    return CheckResult(measured, (EvidenceFile(_FILE, table.num_rows, described),))


EFFECTS = Check(
    CODE,
    "Effect of one column",
    "Follows the model's answer along each column: partial dependence with single rows' curves, "
    "and, for columns with an order, accumulated local effects.",
    measure_effects,
)
