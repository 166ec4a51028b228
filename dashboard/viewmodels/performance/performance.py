"""How good the model is: headline numbers, numbers by group, curves, calibration, confusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.format import format_value, plain_text
from audits.cube import (
    METRICS,
    ScoredCounts,
    View,
    compute_calibration,
    tabulate_precision_recall,
    tabulate_roc,
)
from audits.figures import (
    MAX_CURVES,
    Chart,
    Curve,
    Mark,
    draw_calibration,
    draw_confusion,
    draw_dots,
    draw_precision_recall,
    draw_roc,
)
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.picks import list_measured
from dashboard.viewmodels.numbers import (
    find_result,
    make_group_dots,
    render_detail,
    render_measurement,
    render_point,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import explain_metric, name_metric
from dashboard.viewmodels.titles import find_extremes

_HEADLINES = {
    "binary": ("accuracy", "roc_auc", "selection_rate", "expected_calibration_error"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1", "log_loss"),
    "regression": ("mean_absolute_error", "root_mean_squared_error", "r2", "mean_residual"),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One big number: its name, value, interval and meaning."""

    title: str
    value: str
    detail: str
    meaning: str


def list_headlines(run: RunData) -> list[Headline]:
    """Return the task's four main numbers of the whole data, those that were measured."""
    found = []
    for metric in _HEADLINES[run.task]:
        item = run.overall(metric)
        if item is not None and item.estimate is not None:
            result = find_result(item)
            found.append(
                Headline(
                    name_metric(metric),
                    render_point(result, item.unit),
                    render_detail(result, item.unit),
                    explain_metric(metric),
                )
            )
    return found


def list_metrics(run: RunData, grouping: str | None = None) -> list[str]:
    """Return the metrics that were measured for a grouping, in the table's order."""
    return [m.name for m in METRICS[run.spec.audit.task] if run.by_group(m.name, grouping)]


def tabulate_overall(run: RunData) -> pd.DataFrame:
    """Return every metric of the whole data with its interval and meaning."""
    records = []
    for metric in list_metrics(run):
        item = run.overall(metric)
        if item is not None:
            records.append(
                {
                    say("column.measure"): name_metric(metric),
                    say("column.value"): render_measurement(item),
                    say("column.meaning"): explain_metric(metric),
                }
            )
    return pd.DataFrame(records)


def make_group_chart(run: RunData, metric: str, grouping: str) -> Chart | None:
    """Return a metric by group, with the whole data's value marked; None without numbers."""
    items = list_measured(run, metric, grouping)
    if not items:
        return None
    overall = run.overall(metric)
    mark = None
    if overall is not None and overall.estimate is not None:
        value = overall.estimate.value
        mark = Mark(value, say("chart.everybody", value=format_value(value, overall.unit)))
    title = say("performance.group_title_even", title=name_metric(metric))
    if extremes := find_extremes(items):
        first, last = extremes
        title = say(
            "performance.group_title",
            title=name_metric(metric),
            low_group=plain_text(first.group or ""),
            low=render_point(find_result(first), first.unit),
            high_group=plain_text(last.group or ""),
            high=render_point(find_result(last), last.unit),
        )
    if len(items) == 1:
        title = say(
            "performance.one_group", title=name_metric(metric),
            group=plain_text(items[0].group or ""), value=render_measurement(items[0]),
        )  # fmt: skip
    reference = run.reference_group(grouping)
    percent = items[0].unit == "share"
    return draw_dots(
        make_group_dots(items, reference),
        title=title,
        axis=name_metric(metric),
        percent=percent,
        mark=mark,
    )


def list_curved(view: View) -> list[str]:
    """Return the groups with both outcomes, largest first, as many as a figure shows."""
    pairs = zip(view.labels, view.scored, strict=True)
    usable = [(name, sum(counts.rows)) for name, counts in pairs if counts.both_classes]
    usable.sort(key=lambda pair: -pair[1])
    return [name for name, _ in usable[:MAX_CURVES]]


def _scored(view: View) -> list[tuple[str, ScoredCounts]]:
    return [(plain_text(name), view.scored[view.labels.index(name)]) for name in list_curved(view)]


def has_curves(run: RunData) -> bool:
    """Whether there are scores and true outcomes to draw curves from."""
    return run.task == "binary" and run.view(None).has_scores and run.view(None).has_truth


def make_roc(run: RunData, grouping: str | None) -> Chart:
    """Return the ROC curves of the groups, or of the whole data."""
    curves = []
    for name, counts in _scored(run.view(grouping)):
        _, alarms, hits = tabulate_roc(counts)
        curves.append(Curve(name or say("chart.everyone"), alarms, hits))
    item = run.overall("roc_auc")
    value = render_measurement(item) if item else say("number.none")
    return draw_roc(
        curves,
        title=say("performance.roc_title", value=value),
        axes=(name_metric("false_positive_rate"), name_metric("true_positive_rate")),
    )


def make_precision_recall(run: RunData, grouping: str | None) -> Chart:
    """Return the precision-recall curves of the groups, or of the whole data."""
    curves = []
    for name, counts in _scored(run.view(grouping)):
        recall, precision = tabulate_precision_recall(counts)
        curves.append(Curve(name or say("chart.everyone"), recall, precision))
    item = run.overall("average_precision")
    value = render_measurement(item) if item else say("number.none")
    return draw_precision_recall(
        curves,
        title=say("performance.pr_title", value=value),
        axes=(name_metric("true_positive_rate"), name_metric("positive_predictive_value")),
    )


def make_calibration(run: RunData, grouping: str | None, group: str) -> Chart:
    """Return the calibration curve of one group ("" for the whole data)."""
    view = run.view(grouping)
    position = view.labels.index(group)
    curve = compute_calibration(view)
    share, mean = curve.positive_share[position], curve.mean_score[position]
    gap = np.nansum((share - mean) * curve.weight[position]) / curve.weight[position].sum()
    way = "even" if abs(gap) < 0.005 else ("low" if gap > 0 else "high")
    return draw_calibration(
        plain_text(group) or say("chart.everyone"),
        mean,
        share,
        curve.low[position],
        curve.high[position],
        title=say(f"performance.calibration_{way}", gap=format_value(abs(float(gap)), "points")),
        axes=(name_metric("mean_score"), say("chart.share_true")),
        ideal=say("chart.ideal"),
    )


def make_confusion(run: RunData, grouping: str | None, group: str) -> Chart:
    """Return the confusion matrix of one group ("" for the whole data)."""
    view = run.view(grouping)
    counts = view.count[view.labels.index(group), :-1]
    right, rows = np.trace(counts), counts.sum()
    return draw_confusion(
        counts,
        list_classes(run),
        title=say(
            "performance.confusion_title",
            right=f"{right:,.0f}",
            rows=f"{rows:,.0f}",
            share=format_value(float(right / rows) if rows else 0.0, "share"),
        ),
        axes=(say("chart.true"), say("chart.predicted")),
    )


def list_classes(run: RunData) -> list[str]:
    """Return the names of the outcomes in the cube's order."""
    if run.task == "multiclass":
        return [plain_text(name) for name in run.cube.classes]
    positive = plain_text(str(run.report.subject.data.positive or "1"))
    return [say("chart.not", name=positive), positive]


def tabulate_groups(run: RunData, grouping: str) -> pd.DataFrame:
    """Return every metric of every group, one row a group, with intervals in words."""
    rows: dict[str, dict[str, str]] = {}
    for metric in list_metrics(run, grouping):
        for item in run.by_group(metric, grouping):
            name = plain_text(item.group or "")
            record = rows.setdefault(name, {say("column.group"): name})
            record[name_metric(metric)] = render_measurement(item)
    return pd.DataFrame(list(rows.values()))


def has_truth(run: RunData) -> bool:
    """Whether there are true outcomes to be right or wrong about."""
    return run.report.subject.data.target is not None
