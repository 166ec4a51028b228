"""Check `performance.slices`: parts of the data, by any columns, where the model does worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.checks.data.audited_columns import draw_positions
from audits.core.arrays import BoolArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.settings.spec import Task
from audits.core.words.words import SLICES_CHECK, list_words
from audits.data import Column
from audits.diagnostics import compute_leakage, split_halves
from audits.slices import BATCH, Found, Mask, build_targets, find_slices, read_cut_rows

CODE = SLICES_CHECK
_FILE = "evidence/slices.parquet"
_SCHEMA = pa.schema(
    [
        ("conditions", pa.list_(pa.string())),
        ("target", pa.string()),
        ("rows", pa.int64()),
        ("share", pa.float64()),
        ("effect", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("p_adjusted", pa.float64()),
        ("effect_where_found", pa.float64()),
    ]
)

TELLING = 0.95
"""From this AUC on a column says the outcome or the decision: the limit of the leakage rule."""
ROWS = 5_000


def _choose_columns(context: Context) -> tuple[list[Column], tuple[str, ...]]:
    """Return the columns that conditions are made of, and those left out because they are the
    outcome or the decision in other words."""
    data, given = context.spec.data, context.spec.predictions
    taken = {data.target, data.id, data.key, data.weight}
    if given is not None:
        taken |= {*given.decided, *given.scored}
    free = [column for column in context.table.columns if column.name not in taken]
    telling = find_telling_columns(context, [column.name for column in free], CODE)
    return [column for column in free if column.name not in telling], telling


def _choose_rows(context: Context) -> Mask:
    total, wanted = context.table.rows, context.spec.slices.rows
    searched: Mask = np.ones(total, dtype=bool)
    if wanted != "all" and wanted < total:
        searched[:] = False
        searched[context.generator(f"{CODE}:rows").permutation(total)[:wanted]] = True
    return searched


def _read_scored(context: Context, searched: Mask) -> dict[str, NDArray[np.generic]]:
    """Return decisions and outcomes of the searched rows, read in batches."""
    file = pq.ParquetFile(context.folder / PREDICTIONS_FILE)
    wanted = ("y_true", "y_pred", "y_score", "weight")
    names = [name for name in wanted if name in file.schema_arrow.names]
    parts: dict[str, list[NDArray[np.generic]]] = {name: [] for name in names}
    start = 0
    for batch in file.iter_batches(BATCH, columns=names):
        kept = searched[start : start + batch.num_rows]
        for name in names:
            parts[name].append(batch[name].to_numpy(zero_copy_only=False)[kept])
        start += batch.num_rows
    return {name: np.concatenate(own) for name, own in parts.items()}


def _measure(found: Found) -> list[Measurement]:
    measured = {
        "searched": build_measurement(
            CODE, "slices_searched", Estimate.exact(found.looked_at, found.looked_at),
            unit="count", direction="none", evidence=(_FILE,),
        )
    }  # fmt: skip
    for one in found.slices:
        item = build_measurement(
            CODE, one.target.metric, one.estimate, unit=one.target.unit,
            direction="closer_to_zero", part=Part(PartKind.SLICE, one.name), p_value=one.p_adjusted,
            adjusted_for=found.tested or None, evidence=(_FILE,),
        )  # fmt: skip
        count = build_measurement(
            CODE, "count", Estimate.exact(one.count, one.count), unit="count", direction="none",
            part=Part(PartKind.SLICE, one.name), evidence=(_FILE,),
        )  # fmt: skip
        measured |= {item.id: item, count.id: count}
    return list(measured.values())


def _tabulate(found: Found) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "conditions": list(one.conditions),
                "target": one.target.metric,
                "rows": one.count,
                "share": one.share,
                "effect": one.estimate.value,
                "low": one.estimate.low,
                "high": one.estimate.high,
                "p_adjusted": one.p_adjusted,
                "effect_where_found": one.discovered,
            }
            for one in found.slices
        ],
        _SCHEMA,
    )


def _describe_percents(context: Context) -> Callable[[float], None]:
    """Return a progress that speaks once a percent: combinations go by in milliseconds."""
    told = -1

    def tell(fraction: float) -> None:
        nonlocal told
        if (percent := int(fraction * 100)) != told:
            told = percent
            context.progress(CODE, fraction)

    return tell


def _describe(context: Context, found: Found, searched: int, telling: tuple[str, ...]) -> str:
    drawn = "" if searched == context.table.rows else ", sampled with the run's seed"
    partly = (
        f"; {found.left_out:,} combinations of columns were left out to save time, the least "
        "promising ones"
        if found.left_out
        else ""
    )
    out = (
        f"; left out because they say the outcome or the decision: {list_words(list(telling), 12)}"
        if telling
        else ""
    )
    return (
        f"Slices that are worse: {found.looked_at:,} looked at on half of {searched:,} of "
        f"{context.table.rows:,} rows{drawn}, {found.tested} tested on the other half{partly}{out}"
    )


def compute_slices(context: Context) -> CheckResult:
    """Search slices on one half of the rows and measure the worst of them on the other half."""
    settings = context.spec.slices
    if settings.rows == 0:
        raise CheckSkippedError("[slices] rows = 0")
    searched = _choose_rows(context)
    total = int(searched.sum())
    if total < 4 * settings.min_rows:
        raise CheckNotApplicableError(
            f"{total:,} rows are too few to find slices of {settings.min_rows} rows on one half "
            f"and test them on the other; at least {4 * settings.min_rows:,} are needed"
        )
    scored = _read_scored(context, searched)
    columns, telling = _choose_columns(context)
    rows = read_cut_rows(
        context.table, columns, searched, settings.min_rows, context.generator(f"{CODE}:cuts")
    )
    if not rows.cuts:
        raise CheckNotApplicableError("no column divides the rows into parts that are large enough")
    weights = scored.get("weight")
    found = find_slices(
        rows,
        build_targets(context.spec.audit.task, scored),
        None if weights is None else weights.astype(np.float64),
        context.generator(CODE),
        conditions=settings.conditions,
        least=settings.min_rows,
        answers=settings.answers,
        progress=_describe_percents(context),
    )
    pq.write_table(_tabulate(found), context.folder / _FILE, compression="zstd")
    described = _describe(context, found, total, telling)
    return CheckResult(tuple(_measure(found)), (EvidenceFile(_FILE, len(found.slices), described),))


SLICES = Check(
    CODE,
    "Worst slices",
    "Searches parts of the data by up to three conditions on any columns where the model is "
    "wrong more often, selects less or is worse calibrated; tests them on rows held back.",
    compute_slices,
)


# Columns that are the outcome or the decision in other words.


def find_telling_columns(context: Context, names: Sequence[str], purpose: str) -> tuple[str, ...]:
    """Return those of some columns that say the outcome or the decision nearly perfectly, learned
    on one half of at most `ROWS` drawn rows and measured on the other."""
    if not names:
        return ()
    positions = draw_positions(context, f"{purpose}:telling", ROWS)
    frame = context.table.read_rows(positions)[list(names)].reset_index(drop=True)
    wanted = ["y_pred"] if context.spec.data.target is None else ["y_true", "y_pred"]
    outcomes = [values[positions] for values in context.read_predictions(wanted).values()]
    learned = split_halves(len(frame), context.generator(f"{purpose}:halves"))
    return tuple(
        name
        for name in names
        if any(_tells(frame[name], one, learned, context.spec.audit.task) for one in outcomes)
    )


def _tells(values: pd.Series, outcome: np.ndarray, learned: BoolArray, task: Task) -> bool:
    known = ~pd.isna(outcome)
    told = compute_leakage(
        values[known].reset_index(drop=True), outcome[known], learned[known], task
    )
    return told is not None and told.auc >= TELLING
