"""Check `recourse.counterfactuals`: what would change the decision of those turned down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from audits.checks.base import (
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
    make_generator,
)
from audits.checks.recourse.goal import find_goal
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.limits import MIN_ROWS_FOR_MEDIAN
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.report import Notice
from audits.core.settings.spec import AuditSpec
from audits.cube import estimate_mean, estimate_share
from audits.data import AuditTable
from audits.recourse import (
    ENGINES,
    LICENCE,
    ActionRules,
    Draw,
    EngineOutcome,
    Goal,
    RecourseResult,
    RecourseTask,
    WorkerScorer,
    build_limits,
    build_rules,
    compute_median,
    draw_rows,
    resolve_recourse,
    resolve_results,
    tabulate_counterfactuals,
    tabulate_no_recourse,
)

CODE = "recourse.counterfactuals"
REFERENCE_ROWS = 5000
SECONDS_PER_ROW = 1.0
FOUND = "evidence/counterfactuals.parquet"
NONE = "evidence/no_recourse.parquet"


def choose_rows(context: Context) -> tuple[Goal, Draw]:
    """Return what is sought, and the rows without it that are searched: the same ones for every
    check of an audit.

    Raises CheckNotApplicableError where nobody was turned down, or where it is not said what to
    seek.
    """
    goal, rejected = find_goal(context)
    names = list(context.spec.data.protected)
    known = context.read_groups(names)
    section = context.spec.recourse
    each = section.rows // 4 if section.group_rows is None else section.group_rows
    draw = draw_rows(
        rejected,
        {name: known[name][rejected] for name in names},
        rows=section.rows,
        group_rows=each,
        generator=context.generator(CODE),
    )
    return goal, draw


def draw_reference(table: AuditTable, spec: AuditSpec, features: Sequence[str]) -> pd.DataFrame:
    """Return the rows by which recourse is searched and priced: the same ones for a whole audit."""
    generator = make_generator(spec, f"{CODE}:reference")
    return table.sample_reference(REFERENCE_ROWS, generator)[list(features)]


def resolve_section(
    table: AuditTable, spec: AuditSpec, features: Sequence[str]
) -> tuple[AuditSpec, tuple[Notice, ...]]:
    """Return the settings with a `[recourse]` that leaves nothing open, and what to tell of it.

    An audit in which nothing is sought keeps what it has.
    """
    sought = spec.audit.task == "binary" or spec.recourse.target is not None
    if not spec.recourse.rows or not sought:
        return spec, ()
    reference = draw_reference(table, spec, features)
    resolved = resolve_recourse(spec.recourse, spec.data.protected, reference)
    return spec.model_copy(update={"recourse": resolved.section}), resolved.notices


def read_reference(context: Context) -> pd.DataFrame:
    """Return the rows that costs are counted by: the same ones for every check of an audit."""
    assert context.model is not None
    return draw_reference(context.table, context.spec, context.model.info.features)


def read_rules(context: Context, reference: pd.DataFrame) -> ActionRules:
    """Return what may change; rules on columns that the model does not look at are left out."""
    assert context.model is not None
    features = list(context.model.info.features)
    ids = context.read_predictions(["row"])["row"].astype(str)
    limits = build_limits(context.table.overrides, ids)
    section = context.spec.recourse.keep_features(features)
    return build_rules(section, features, reference, limits)


def _search(context: Context, goal: Goal, positions: np.ndarray) -> EngineOutcome:
    """Ask the chosen engine, then put the rows without an answer to the proof."""
    model, section = context.model, context.spec.recourse
    assert model is not None
    ids = context.read_predictions(["row"])["row"].astype(str)
    features = list(model.info.features)
    rows = context.table.read_rows(positions)[features].set_axis(ids[positions], axis=0)
    task = RecourseTask.from_spec(
        section,
        build_limits(context.table.overrides, ids),
        rows,
        read_reference(context),
        predict=model.predict,
        goal=goal,
        delta_scorer=WorkerScorer(model),
        generator=context.generator(f"{CODE}:search"),
        budget_s=max(30.0, SECONDS_PER_ROW * len(rows)),
        progress=lambda done, total: context.progress("recourse", done / total),
    )
    outcome = ENGINES[section.engine](task)
    asked = replace(task, generator=context.generator(f"{CODE}:proof"))
    resolved = resolve_results(model, asked, outcome.results, adopt=section.engine == "search")
    return replace(outcome, results=resolved.results)


def _median(costs: FloatArray) -> Estimate | Unavailable:
    """Return the median of rows that have recourse, with its interval."""
    if len(costs) < MIN_ROWS_FOR_MEDIAN:
        few = f"only {len(costs)} rows have recourse, too few for a median's interval"
        return Unavailable(reason=few)
    return compute_median(costs)


def _measure(
    context: Context,
    results: list[RecourseResult],
    attribute: str | None = None,
    group: str | None = None,
) -> list[Measurement]:
    """Measure how many have recourse, its cost and its columns, those that follow not counted."""
    section = context.spec.recourse
    best = [result.answers[0] for result in results if result.answers]
    costs = np.array([answer.cost for answer in best])
    changes = np.array(
        [
            float(sum(not section.is_following(one.column, one.new) for one in answer.changes))
            for answer in best
        ]
    )
    few = f"only {len(changes)} rows have recourse"
    numbers: tuple[tuple[str, Unit, Direction, Estimate | Unavailable], ...] = (
        ("recourse_share", "share", "higher_is_better", estimate_share(len(best), len(results))),
        ("recourse_cost", "score", "lower_is_better", _median(costs)),
        (
            "recourse_changes",
            "columns",
            "lower_is_better",
            estimate_mean(changes, few),
        ),
    )
    return [
        build_measurement(
            CODE, metric, result, unit=unit, direction=direction, attribute=attribute,
            group=group, evidence=(FOUND, NONE),
        )
        for metric, unit, direction, result in numbers
    ]  # fmt: skip


def _measure_proven(results: list[RecourseResult]) -> Measurement:
    """Measure for how many of the rows without recourse it is proven that there is none."""
    none = [result.no_recourse for result in results if result.no_recourse is not None]
    proven: Estimate | Unavailable = Unavailable(reason="every row that was searched has recourse")
    if none:
        proven = estimate_share(sum(item.proven for item in none), len(none))
    return build_measurement(
        CODE, "no_recourse_proven", proven, unit="share", direction="higher_is_better",
        evidence=(NONE,),
    )  # fmt: skip


def _measure_failed(outcome: EngineOutcome) -> Measurement:
    """Measure how many of the engine's answers did not hold and were dropped."""
    failed: Estimate | Unavailable = Unavailable(reason="the engine proposed no answer")
    if outcome.tried:
        failed = estimate_share(outcome.failed, outcome.tried)
    return build_measurement(
        CODE, "recourse_answers_failed", failed, unit="share", direction="lower_is_better",
        evidence=(FOUND,),
    )  # fmt: skip


def _by_group(context: Context, results: list[RecourseResult], draw: Draw) -> Iterable[Measurement]:
    names = list(context.spec.data.protected)
    groups = context.read_groups(names)
    for attribute in names:
        own, counted = groups[attribute][draw.positions], draw.members(attribute)
        for group in sorted(set(own[counted])):
            chosen = np.flatnonzero(counted & (own == group))
            members = [results[place] for place in chosen]
            yield from _measure(context, members, attribute, str(group))


def _describe_draw(draw: Draw) -> str:
    """Return how the rows were drawn, for the evidence."""
    base, every = int(draw.base.sum()), len(draw.positions)
    more = f" and {every - base} more of small groups" if every > base else ""
    return f"{base} rejected rows{more}, sampled with the run's seed"


def compute_recourse(context: Context) -> CheckResult:
    """Search counterfactuals for rejected rows; measure how many get one and what it costs."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not context.spec.recourse.rows:
        raise CheckSkippedError("[recourse] rows = 0")
    goal, draw = choose_rows(context)
    outcome = _search(context, goal, draw.positions)
    results = outcome.results
    found = tabulate_counterfactuals(results, list(context.model.info.features))
    missing = tabulate_no_recourse(results)
    pq.write_table(found, context.folder / FOUND, compression="zstd")
    pq.write_table(missing, context.folder / NONE, compression="zstd")
    sampled = _describe_draw(draw)
    by = f"engine {context.spec.recourse.engine!r}"
    if context.spec.recourse.engine == "reinforcement":
        by += f"; {LICENCE}"
    everybody = [results[place] for place in np.flatnonzero(draw.base)]
    return CheckResult(
        (
            *_measure(context, everybody),
            _measure_proven(everybody),
            _measure_failed(outcome),
            *_by_group(context, results, draw),
        ),
        (
            EvidenceFile(FOUND, found.num_rows, f"Counterfactuals of {sampled} ({by})"),
            EvidenceFile(NONE, missing.num_rows, f"Rows without recourse among {sampled}"),
        ),
    )


RECOURSE = Check(
    CODE,
    "What would change the decision",
    "Searches the smallest allowed changes that turn a rejection around, and who has none.",
    compute_recourse,
)
