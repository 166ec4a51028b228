"""Check `recourse.counterfactuals`: what would change the decision of those turned down."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.recourse_goal import find_goal
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.estimate import Estimate, Unavailable
from audits.core.measurement import Direction, Measurement, Unit
from audits.cube.cube import FloatArray
from audits.cube.intervals import CONFIDENCE, compute_mean_interval, compute_share_interval
from audits.cube.values import to_result
from audits.recourse.goals import Goal
from audits.recourse.limits import build_limits
from audits.recourse.plausibility import Bounds
from audits.recourse.remote import WorkerScorer
from audits.recourse.result import RecourseResult
from audits.recourse.rules import build_rules
from audits.recourse.search import search_counterfactuals
from audits.recourse.tables import tabulate_counterfactuals, tabulate_no_recourse

CODE = "recourse.counterfactuals"
REFERENCE_ROWS = 5000
SECONDS_PER_ROW = 1.0
_FOUND = "evidence/counterfactuals.parquet"
_NONE = "evidence/no_recourse.parquet"


def _choose_rejected(context: Context, rejected: np.ndarray) -> np.ndarray:
    wanted = context.spec.recourse.rows
    if len(rejected) <= wanted:
        return rejected
    return np.sort(context.generator(CODE).choice(rejected, size=wanted, replace=False))


def _search(context: Context, goal: Goal, positions: np.ndarray) -> list[RecourseResult]:
    model, section = context.model, context.spec.recourse
    assert model is not None
    ids = context.read_predictions(["row"])["row"].astype(str)
    features = list(model.info.features)
    rows = context.table.read_rows(positions)[features].set_axis(ids[positions], axis=0)
    reference = context.table.sample_reference(
        REFERENCE_ROWS, context.generator(f"{CODE}:reference")
    )[features]
    limits = build_limits(context.table.overrides, ids)
    return search_counterfactuals(
        model.predict,
        rows,
        reference,
        build_rules(section.keep_features(features), features, reference, limits),
        goal=goal,
        direct=WorkerScorer(model),
        bounds=Bounds(section.max_distance, section.min_density),
        answers=section.answers,
        max_changes=section.max_changes,
        generator=context.generator(f"{CODE}:search"),
        budget_s=max(30.0, SECONDS_PER_ROW * len(rows)),
        progress=lambda done, total: context.progress("recourse", done / total),
    )


def _median(costs: FloatArray) -> Estimate | Unavailable:
    """Return the median with the order statistics' interval (Conover 1999, section 3.2)."""
    n = len(costs)
    if n < 6:
        return Unavailable(reason=f"only {n} rows have recourse, too few for a median's interval")
    ordered = np.sort(costs)
    half = 1.96 * np.sqrt(n) / 2
    low = ordered[max(int(np.floor(n / 2 - half)), 0)]
    high = ordered[min(int(np.ceil(n / 2 + half)), n - 1)]
    return Estimate(
        value=float(np.median(ordered)), low=float(low), high=float(high), n=n,
        method="order_statistics", confidence=CONFIDENCE,
    )  # fmt: skip


def _mean(values: FloatArray) -> Estimate | Unavailable:
    n = np.asarray(float(len(values)))
    if len(values) < 2:
        return Unavailable(reason=f"only {len(values)} rows have recourse")
    mean = np.asarray(values.mean())
    low, high = compute_mean_interval(mean, np.asarray(values.var(ddof=1)), n)
    return to_result(float(mean), float(low), float(high), len(values), "student_t", "no rows")


def _share(hits: int, n: int) -> Estimate:
    low, high = compute_share_interval(np.asarray(hits / n), np.asarray(float(n)))
    return Estimate(
        value=hits / n, low=float(low), high=float(high), n=n, method="wilson_midp",
        confidence=CONFIDENCE,
    )  # fmt: skip


def _measure(
    results: list[RecourseResult], attribute: str | None = None, group: str | None = None
) -> list[Measurement]:
    best = [result.answers[0] for result in results if result.answers]
    costs = np.array([answer.cost for answer in best])
    changes = np.array([float(len(answer.changes)) for answer in best])
    numbers: tuple[tuple[str, Unit, Direction, Estimate | Unavailable], ...] = (
        ("recourse_share", "share", "higher_is_better", _share(len(best), len(results))),
        ("recourse_cost", "score", "lower_is_better", _median(costs)),
        ("recourse_changes", "columns", "lower_is_better", _mean(changes)),
    )
    return [
        build_measurement(
            CODE, metric, result, unit=unit, direction=direction, attribute=attribute,
            group=group, evidence=(_FOUND, _NONE),
        )
        for metric, unit, direction, result in numbers
    ]  # fmt: skip


def _by_group(
    context: Context, results: list[RecourseResult], positions: np.ndarray
) -> Iterable[Measurement]:
    names = list(context.spec.data.protected)
    groups = context.read_predictions(names) if names else {}
    for attribute in names:
        chosen = groups[attribute][positions]
        for group in sorted(set(chosen)):
            members = [r for r, own in zip(results, chosen, strict=True) if own == group]
            yield from _measure(members, attribute, str(group))


def compute_recourse(context: Context) -> CheckResult:
    """Search counterfactuals for rejected rows; measure how many get one and what it costs."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not context.spec.recourse.rows:
        raise CheckSkippedError("[recourse] rows = 0")
    goal, rejected = find_goal(context)
    positions = _choose_rejected(context, rejected)
    results = _search(context, goal, positions)
    found = tabulate_counterfactuals(results, list(context.model.info.features))
    missing = tabulate_no_recourse(results)
    pq.write_table(found, context.folder / _FOUND, compression="zstd")
    pq.write_table(missing, context.folder / _NONE, compression="zstd")
    sampled = f"{len(positions)} rejected rows, drawn by the seed"
    return CheckResult(
        (*_measure(results), *_by_group(context, results, positions)),
        (
            EvidenceFile(_FOUND, found.num_rows, f"Counterfactuals of {sampled}"),
            EvidenceFile(_NONE, missing.num_rows, f"Rows without recourse among {sampled}"),
        ),
    )


RECOURSE = Check(
    CODE,
    "What would change the decision",
    "Searches the smallest allowed changes that turn a rejection around, and who has none.",
    compute_recourse,
)
