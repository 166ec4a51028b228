"""How groups are treated: one metric by group, comparisons, the well-known gaps, intersections."""

from __future__ import annotations

import pandas as pd

from audits.core.format import lower, plain_text
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.words.metrics import base_metric
from audits.cube import DISPARITIES, METRICS
from audits.figures import Chart, Mark, draw_dots
from audits.findings import render_conditional
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.picks import list_measured
from dashboard.viewmodels.numbers import (
    find_result,
    make_group_dots,
    render_measurement,
    render_point,
    render_range,
    render_test,
)
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import (
    explain_metric,
    name_metric,
    render_finding,
)
from dashboard.viewmodels.titles import find_widest


def list_metrics(run: RunData, grouping: str) -> list[str]:
    """Return the metrics that can be compared between these groups, those of decisions first."""
    return [m.name for m in METRICS[run.spec.audit.task] if run.by_group(m.name, grouping)]


def choose_grouping(run: RunData) -> str:
    """Return the grouping to show first: that of the worst verdict on a single attribute."""
    for verdict in run.report.verdicts:
        grouping = run.report.by_id[verdict.measurement].attribute
        if grouping in run.attributes:
            return grouping
    return run.attributes[0] if run.attributes else ""


def link_to(run: RunData, grouping: str, metric: str) -> dict[str, str]:
    """Return the address parameters of a finding's groups. What the page would choose by itself
    is left out: it would be taken out of the address, and be one more step back."""
    chosen = choose_metric(run, grouping, metric)
    params = {"groups": grouping, "metric": name_metric(chosen)}
    usual = {"groups": choose_grouping(run), "metric": name_metric("selection_rate")}
    return {key: text for key, text in params.items() if text != usual[key]}


def find_source(metric: str) -> str:
    """Return where a metric and its interval come from."""
    for table in METRICS.values():
        for item in table:
            if item.name == metric:
                return item.source
    return ""


def choose_metric(run: RunData, grouping: str, wanted: str) -> str:
    """Return the metric to show for a finding: its own, or the one that it compares."""
    for base in (wanted, base_metric(wanted)):
        if base != "count" and run.by_group(base, grouping) and base in list_metrics(run, grouping):
            return base
    if wanted == "impact_ratio":
        return "selection_rate"
    for disparity in DISPARITIES:
        if disparity.name == wanted and run.by_group(disparity.rates[0], grouping):
            return disparity.rates[0]
    return next(iter(list_metrics(run, grouping)), "selection_rate")


def make_group_chart(run: RunData, metric: str, grouping: str) -> Chart | None:
    """Return the metric by group, lowest on top, with the reference group's value marked."""
    items = list_measured(run, metric, grouping)
    if not items:
        return None
    reference = run.reference_group(grouping)
    base = next((item for item in items if item.group == reference), None)
    mark = None
    if base is not None and base.estimate is not None:
        mark = Mark(base.estimate.value, say("chart.reference", group=plain_text(base.group or "")))
    return draw_dots(
        make_group_dots(items, reference),
        title=_render_title(run, metric, grouping, items),
        axis=name_metric(metric),
        percent=items[0].unit == "share",
        mark=mark,
        least=0.0 if items[0].unit == "share" else None,
    )


def _render_title(run: RunData, metric: str, grouping: str, items: list[Measurement]) -> str:
    """Return the finding: the largest comparison that a test supports, or that none does."""
    compared = [x for x in run.by_group(f"{metric}_difference", grouping) if x.estimate]
    if not compared:
        return name_metric(metric)
    title = name_metric(metric)
    worst = find_widest(run, compared)
    if worst is None or worst.estimate is None:
        return say("fairness.title_even", title=title, n=len(items))
    return say(
        "fairness.title_low" if worst.estimate.value < 0 else "fairness.title_high",
        lower=lower(title),
        group=plain_text(worst.group or ""),
        reference=plain_text(worst.reference_group or ""),
        gap=render_point(worst.estimate, worst.unit).lstrip("−"),
    )


def tabulate_metric(run: RunData, metric: str, grouping: str) -> pd.DataFrame:
    """Return the metric by group beside its difference and ratio to the reference group."""
    differences = {x.group: x for x in run.by_group(f"{metric}_difference", grouping)}
    ratios = {x.group: x for x in run.by_group(f"{metric}_ratio", grouping)}
    counts = {x.group: int(x.value or 0) for x in run.by_group("count", grouping)}
    records = []
    for item in run.by_group(metric, grouping):
        difference, ratio = differences.get(item.group), ratios.get(item.group)
        result = find_result(item)
        records.append(
            {
                say("column.group"): plain_text(item.group or ""),
                say("column.rows"): counts.get(item.group, 0),
                name_metric(metric): render_point(result, item.unit),
                say("column.interval"): render_range(result, item.unit),
                say("column.difference"): _short(difference),
                say("column.ratio"): _short(ratio),
                say("column.chance"): render_test(difference) if difference else "",
            }
        )
    return pd.DataFrame(records)


def _short(item: Measurement | None) -> str:
    return "" if item is None else render_point(find_result(item), item.unit)


def list_summaries(run: RunData, grouping: str) -> pd.DataFrame:
    """Return the well-known gaps of a grouping: name, number, pair, meaning."""
    records = []
    for disparity in DISPARITIES:
        for item in run.by_group(disparity.name, grouping):
            pair = ""
            if item.group and item.reference_group:
                pair = say("fairness.pair", low=plain_text(item.group),
                           high=plain_text(item.reference_group))  # fmt: skip
            records.append(
                {
                    say("column.measure"): name_metric(disparity.name),
                    say("column.value"): render_measurement(item),
                    say("column.between"): pair,
                    say("column.chance"): render_test(item),
                    say("column.meaning"): explain_metric(disparity.name),
                }
            )
    return pd.DataFrame(records)


def list_sentences(run: RunData, metric: str, grouping: str, limit: int = 3) -> list[str]:
    """Return the largest differences to the reference group as sentences."""
    compared = [x for x in run.by_group(f"{metric}_difference", grouping) if x.estimate]
    compared.sort(key=lambda item: -abs(item.value or 0.0))
    return [render_finding(item) for item in compared[:limit]]


def find_reason(run: RunData, metric: str, grouping: str) -> str:
    """Return why a metric has no number in any group."""
    for item in run.by_group(metric, grouping):
        if item.unavailable is not None:
            return plain_text(item.unavailable.reason)
    return say("performance.no_group_numbers")


def explain_absence(run: RunData) -> str:
    """Return why no measure of this run can be compared between groups, and what to do."""
    reason = find_check_reason(run, "performance.groups")
    if not reason:
        return say("fairness.unmeasured")
    return say("fairness.unmeasured_reason", reason=plain_text(reason).rstrip("."))


def list_conditional(run: RunData, grouping: str) -> list[str]:
    """Return what remains of each group's gap in selection with legitimate columns held fixed."""
    sentences = []
    for item in run.by_group("conditional_selection_rate_difference", grouping):
        plain = measurement_id(
            "selection_rate_difference", grouping, item.group, item.reference_group
        )
        sentence = render_conditional(item, run.report.by_id.get(plain))
        sentences += [sentence] if sentence else []
    return sentences
