"""Check `explain.interactions`: which columns move the model's output together."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import compute_mean_interval, to_result
from audits.explain import Interactions, compute_interactions

CODE = "explain.interactions"
FILE = "evidence/interactions.parquet"
TOP_PAIRS = 10


def compute_interaction_strengths(context: Context) -> CheckResult:
    """Measure the strongest pairs of columns over rows sampled with the run's seed."""
    wanted = context.spec.explain.interactions
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not wanted:
        raise CheckNotApplicableError(
            "interaction values are computed on request; set interactions under [explain] to a "
            "number of rows"
        )
    rows = context.table.rows
    size = min(wanted, rows)
    positions = np.sort(context.generator(CODE).choice(rows, size=size, replace=False))
    found = compute_interactions(
        context.model, context.table.read_rows(positions), target_class=context.output or 0
    )
    pq.write_table(tabulate_interactions(found), context.folder / FILE, compression="zstd")
    pairs = len(found.features) * (len(found.features) + 1) // 2
    about = (
        f"Exact interaction values in {found.space} of {size} of {rows} rows, sampled with the "
        "run's seed: what each pair of columns moves the output by together, and each column alone"
    )
    return CheckResult(tuple(_measure(found)), (EvidenceFile(FILE, pairs, about),))


def tabulate_interactions(found: Interactions) -> pa.Table:
    """Return `feature, other, mean_absolute, mean, n`, a row a pair, strongest first.

    A pair stands once, with its whole interaction (both halves); a column with itself is what it
    does alone.
    """
    first, second, whole = _stack_pairs(found)
    absolute, mean = np.abs(whole).mean(axis=0), whole.mean(axis=0)
    order = np.argsort(-absolute, kind="stable")
    names = np.array(found.features, dtype=object)
    return pa.table(
        {
            "feature": pa.array(names[first[order]], pa.string()),
            "other": pa.array(names[second[order]], pa.string()),
            "mean_absolute": absolute[order],
            "mean": mean[order],
            "n": pa.array(np.full(len(order), len(whole)), pa.int64()),
        }
    )


def _stack_pairs(found: Interactions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the positions of each pair's columns, and its interaction `[n_rows, n_pairs]`."""
    first, second = np.triu_indices(len(found.features))
    whole = found.values[:, first, second] * np.where(first == second, 1.0, 2.0)
    return first, second, whole


def _measure(found: Interactions) -> list[Measurement]:
    first, second, whole = _stack_pairs(found)
    apart = first != second
    first, second, strength = first[apart], second[apart], np.abs(whole[:, apart])
    n = len(strength)
    mean = strength.mean(axis=0)
    variance = strength.var(axis=0, ddof=1) if n > 1 else np.full(len(mean), np.nan)
    low, high = compute_mean_interval(mean, variance, np.full(len(mean), float(n)))
    order = np.argsort(-mean, kind="stable")[:TOP_PAIRS]
    return [
        build_measurement(
            CODE,
            "mean_absolute_interaction",
            to_result(
                float(mean[k]),
                max(float(low[k]), 0.0),
                float(high[k]),
                n,
                f"student_t over rows; exact, in {found.space}",
                "one row has no spread",
            ),
            unit="score",
            direction="none",
            part=Part(
                PartKind.FEATURES, f"{found.features[first[k]]} & {found.features[second[k]]}"
            ),
            evidence=(FILE,),
        )
        for k in order
        if mean[k] > 0
    ]


INTERACTIONS = Check(
    CODE,
    "Interactions",
    "On request, for tree ensembles: how much each pair of columns moves the output together, "
    "beyond what each does alone; exact Shapley interaction values.",
    compute_interaction_strengths,
)
