"""Check `rules.local_law_144`: the tables that New York City asks for, where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.format import format_value
from audits.core.groups import JOIN
from audits.core.report.estimate import EXACT, Estimate, Unavailable
from audits.core.report.measurement import Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.core.settings.spec import LocalLaw144Section
from audits.cube import CONFIDENCE, compute_ratio, compute_share_interval, to_result
from audits.rules import Category, Kind, Summary, Table, build_summary, has_scores

LOCAL_LAW_CHECK = "rules.local_law_144"
PART = Part(PartKind.LAW, "local law 144")
"""Slice of the rule's measurements: their ids stay apart from those of the audit at large, and
no policy judges them (the law has no pass mark)."""

RATES: dict[Kind, tuple[str, str]] = {
    "selection": ("selection_rate", "impact_ratio"),
    "scoring": ("scoring_rate", "scoring_impact_ratio"),
}
"""The names of each kind's rate and impact ratio."""

_NOT_ASKED = (
    "audit.toml has no [rules.local_law_144]; to get its tables, name the protected columns "
    'there: sex = "...", race = "..."'
)
_NONE = {
    "selection": "nobody was selected in any category",
    "scoring": "no score is above the median in any category",
}


def list_kinds(context: CubeContext) -> tuple[Kind, ...]:
    """Return which tables an audit can fill: of decisions (given, or a model's at its threshold;
    not those that the audit itself makes of scores at one half), and of scores."""
    spec = context.spec
    decided = spec.model is not None or bool(spec.predictions and spec.predictions.label)
    kinds: tuple[Kind, ...] = ("selection",) if decided else ()
    return (*kinds, "scoring") if has_scores(context.cube) else kinds


def build_summaries(context: CubeContext) -> tuple[Summary, ...]:
    """Return the tables of an audit. Raises CheckNotApplicableError where none are asked for."""
    settings = context.spec.rules.local_law_144
    if settings is None:
        raise CheckNotApplicableError(_NOT_ASKED)
    return tuple(build_summary(context.cube, settings, kind) for kind in list_kinds(context))


def compute_tables(context: CubeContext) -> CheckResult:
    """Measure every category of every table: number, rate and impact ratio."""
    summaries = build_summaries(context)
    settings = context.spec.rules.local_law_144
    assert settings is not None  # build_summaries promises it
    if not summaries[0].known:
        raise CheckNotApplicableError("nobody has both a known sex and a known race or ethnicity")
    first = summaries[0]
    found = [_fact("unknown_count", first.unknown, first.unknown + first.known)]
    for table in first.tables:
        found += [
            _fact("count", item.applicants, item.applicants, table, item)
            for item in table.categories
        ]
    for summary in summaries:
        if summary.median is not None:
            found.append(_median(summary))
        for table in summary.tables:
            found += _measure_table(summary, table, settings)
    return CheckResult(tuple(found))


def name_category(category: Category) -> str:
    """Return a category as the audit names its groups."""
    return JOIN.join(category.parts)


def _build(
    metric: str,
    result: Estimate | Unavailable,
    unit: Unit,
    table: Table | None = None,
    category: Category | None = None,
    best: Category | None = None,
) -> Measurement:
    return build_measurement(
        LOCAL_LAW_CHECK,
        metric,
        result,
        unit=unit,
        direction="closer_to_one" if unit == "ratio" else "none",
        attribute=JOIN.join(table.attributes) if table else None,
        group=name_category(category) if category else None,
        reference_group=name_category(best) if best else None,
        part=PART,
    )


def _fact(
    metric: str, value: int, n: int, table: Table | None = None, category: Category | None = None
) -> Measurement:
    return _build(metric, Estimate.exact(value, n), "count", table, category)


def _median(summary: Summary) -> Measurement:
    median = summary.median
    assert median is not None
    exact = median.low == median.high
    estimate = Estimate(
        value=median.value, low=median.low, high=median.high, n=summary.known,
        method=EXACT if exact else "score_bin", confidence=1.0,
    )  # fmt: skip
    return _build("median_score", estimate, "score")


def _measure_table(
    summary: Summary, table: Table, settings: LocalLaw144Section
) -> Iterator[Measurement]:
    """Yield every category's rate and ratio, with the intervals of all rates of the audit.

    Where the cube has bins, the scores that share the median's bin count as not above it in the
    value, and as above it in the interval's upper end.
    """
    rate_name, ratio_name = RATES[summary.kind]
    n = np.array([item.applicants for item in table.categories], dtype=np.float64)
    chosen = np.array([item.chosen for item in table.categories], dtype=np.float64)
    most = chosen + np.array([item.unsettled for item in table.categories])
    rates = chosen / n
    low, high = compute_share_interval(rates, n)[0], compute_share_interval(most / n, n)[1]
    for position, item in enumerate(table.categories):
        result = to_result(
            float(item.rate), float(low[position]), float(high[position]), item.applicants,
            "wilson_midp", "nobody is in this category",
        )  # fmt: skip
        yield _build(rate_name, result, "share", table, item)
    place = table.categories.index(table.best) if table.best is not None else 0
    base = np.full_like(rates, rates[place])
    base_interval = np.full_like(rates, low[place]), np.full_like(rates, high[place])
    ratio_low, ratio_high = compute_ratio(rates, (low, high), base, base_interval)
    for position, item in enumerate(table.categories):
        interval = float(ratio_low[position]), float(ratio_high[position])
        result = _ratio(summary, table, item, interval, settings)
        yield _build(ratio_name, result, "ratio", table, item, table.best)


def _ratio(
    summary: Summary,
    table: Table,
    item: Category,
    interval: tuple[float, float],
    settings: LocalLaw144Section,
) -> Estimate | Unavailable:
    """Return a category's impact ratio, or why there is none."""
    ratio = table.ratio(item)
    if item.left_out:
        share = format_value(item.applicants / summary.known, "share")
        limit = f"{settings.exclude_under * 100:.3g}%"
        return Unavailable(
            reason=f"left out of the ratios with {share} of the applicants, under {limit} "
            f"(6 RCNY 5-301(d)): {settings.justification.strip()}"
        )
    if ratio is None or table.best is None:
        return Unavailable(reason=_NONE[summary.kind])
    n = item.applicants + table.best.applicants
    if item is table.best:
        return Estimate.exact(1.0, item.applicants)
    return Estimate(
        value=float(ratio), low=interval[0], high=interval[1], n=n, method="mover_wilson_midp",
        confidence=CONFIDENCE,
    )  # fmt: skip


LOCAL_LAW_144 = CubeCheck(
    LOCAL_LAW_CHECK,
    "New York City Local Law 144",
    "Selection-rate and scoring-rate tables by sex, race or ethnicity, and both, as 6 RCNY "
    "5-301(b) and (c) ask for; the law sets no pass mark, so none is judged.",
    compute_tables,
)
