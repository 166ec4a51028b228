"""The curves as numbers: what a figure of ranking or calibration shows, for people who read tables.

A curve has a point for every score; the table has the thresholds 0, 0.05, ..., 1, each with its
intervals. Both are counts of the same cube, so that the table's points lie on the curve.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.format import format_count, format_range, plain_text
from audits.core.report.estimate import Unavailable
from audits.cube import RATES, Values, compute_calibration, estimate_share
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import render_point, render_range, render_result
from dashboard.viewmodels.performance.performance import list_classes, list_curved
from dashboard.viewmodels.run import SLIDER, RunData
from dashboard.viewmodels.sentences import name_metric

THRESHOLDS = SLIDER[::5]
"""The thresholds that the tables list."""

_Row = dict[str, str | int]


def tabulate_roc_points(run: RunData, grouping: str | None) -> pd.DataFrame:
    """Return both rates of every group of the ROC figure at the listed thresholds."""
    return _tabulate(
        run, grouping,
        ("false_positive_rate", "column.without"), ("true_positive_rate", "column.with"),
    )  # fmt: skip


def tabulate_precision_recall_points(run: RunData, grouping: str | None) -> pd.DataFrame:
    """Return recall and precision of every group of the figure at the listed thresholds."""
    return _tabulate(
        run, grouping,
        ("true_positive_rate", "column.with"), ("positive_predictive_value", "column.selected"),
    )  # fmt: skip


def tabulate_confusion(run: RunData, grouping: str | None, group: str) -> pd.DataFrame:
    """Return a line for each true outcome and decision of a group ("" for everybody): the rows,
    and which share of those with that outcome they are, with its interval."""
    view = run.view(grouping)
    counts = view.count[view.labels.index(group), :-1]
    names = list_classes(run)
    records = []
    for place, truth in enumerate(names):
        whole = int(counts[place].sum())
        for other, decision in enumerate(names):
            rows = int(counts[place, other])
            share = estimate_share(rows, whole, say("number.none"))
            records.append(
                {
                    say("chart.true"): truth,
                    say("chart.predicted"): decision,
                    say("column.rows"): format_count(rows),
                    say("column.share_of_outcome"): render_result(share, "share"),
                }
            )
    return pd.DataFrame(records)


def _tabulate(run: RunData, grouping: str | None, *pairs: tuple[str, str]) -> pd.DataFrame:
    """Return one row a group and threshold. pairs: a rate, and what the rows are called that it
    is a share of."""
    labels = run.view(grouping).labels
    sweep = run.sweep(grouping)
    found: list[tuple[float, list[tuple[str, str, Values]]]] = []
    for threshold in THRESHOLDS:
        cut = sweep.decide(float(threshold))
        values = [
            (metric, rows, RATES[metric].compute_from(cut.weight, cut.weight_squared, cut.count))
            for metric, rows in pairs
        ]
        found.append((float(threshold), values))
    records = []
    for group in list_curved(run.view(grouping)):
        position = labels.index(group)
        for threshold, values in found:
            record: _Row = {say("column.group"): plain_text(group)} if grouping else {}
            record[say("lab.threshold")] = f"{threshold:.2f}"
            for metric, rows, value in values:
                record[name_metric(metric)] = _render(value, position)
                record[say(rows)] = int(value.n[position])
            records.append(record)
    return pd.DataFrame(records)


def _render(values: Values, position: int) -> str:
    """Return "64.0% (62.1% to 65.8%)", a dash where there is no number."""
    result = values.result(position, "no rows")
    if isinstance(result, Unavailable):
        return say("number.none")
    return f"{render_point(result, 'share')} ({render_range(result, 'share')})"


def tabulate_calibration(run: RunData, grouping: str | None, group: str) -> pd.DataFrame:
    """Return every bin of the calibration figure: scores, rows, mean score, and what share came
    true, with its interval. Empty bins are left out."""
    view = run.view(grouping)
    position = view.labels.index(group)
    curve = compute_calibration(view)
    bins = curve.mean_score.shape[1]
    ends = np.linspace(0, 1, bins + 1)
    filled = np.flatnonzero(curve.count[position] > 0)

    def cells(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
        return [float(value) for value in values[position, filled]]

    return pd.DataFrame(
        {
            say("column.score"): [
                format_range(float(ends[place]), float(ends[place + 1]), "share")
                for place in filled
            ],
            say("column.rows"): curve.count[position, filled].round().astype(np.int64),
            name_metric("mean_score"): cells(curve.mean_score),
            say("chart.share_true"): cells(curve.positive_share),
            say("column.interval"): [
                format_range(low, high, "share")
                for low, high in zip(cells(curve.low), cells(curve.high), strict=True)
            ],
        }
    )
