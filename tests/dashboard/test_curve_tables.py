"""Curves as tables: each number is a count of the predictions, and lies on the curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.core.format import format_value
from dashboard.catalogue import say
from dashboard.viewmodels.performance import curve_tables, performance
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

ALARMS, HITS = name_metric("false_positive_rate"), name_metric("true_positive_rate")
PRECISION = name_metric("positive_predictive_value")


def load(run: RunData) -> pd.DataFrame:
    return pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))


def find(table: pd.DataFrame, threshold: str, group: str) -> pd.Series:
    chosen = (table[say("lab.threshold")] == threshold) & (table[say("column.group")] == group)
    [row] = [row for _, row in table[chosen].iterrows()]
    return row


def say_share(hits: pd.Series) -> str:
    return format_value(float(hits.mean()), "share")


def test_points_are_counts_of_the_predictions(run: RunData) -> None:
    frame = load(run)
    women = frame[frame["sex"] == "Female"]
    roc = curve_tables.tabulate_roc_points(run, "sex")
    pr = curve_tables.tabulate_precision_recall_points(run, "sex")
    for threshold in (0.3, 0.5, 0.65):
        chosen = women["y_score"] >= threshold
        bad, good = women["y_true"] == 0, women["y_true"] == 1
        row = find(roc, f"{threshold:.2f}", "Female")
        assert row[ALARMS].startswith(f"{say_share(chosen[bad])} (")
        assert row[HITS].startswith(f"{say_share(chosen[good])} (")
        assert (row[say("column.without")], row[say("column.with")]) == (bad.sum(), good.sum())
        row = find(pr, f"{threshold:.2f}", "Female")
        assert row[HITS].startswith(f"{say_share(chosen[good])} (")
        assert row[PRECISION].startswith(f"{say_share(good[chosen])} (")
        assert row[say("column.selected")] == chosen.sum()


def test_points_lie_on_the_curve_and_name_no_group_for_everybody(run: RunData) -> None:
    table = curve_tables.tabulate_roc_points(run, None)
    assert say("column.group") not in table
    assert len(table) == len(curve_tables.THRESHOLDS)
    curve = performance.make_roc(run, None).figure.data[0]
    read = [[float(text.split("%")[0]) / 100 for text in table[name]] for name in (ALARMS, HITS)]
    for x, y in zip(*read, strict=True):
        nearest = np.hypot(np.asarray(curve.x) - x, np.asarray(curve.y) - y).min()
        assert nearest < 0.02  # the figure thins its points, the table rounds
    drawn = {trace.name for trace in performance.make_roc(run, "sex").figure.data}
    assert set(curve_tables.tabulate_roc_points(run, "sex")[say("column.group")]) == drawn


def test_nobody_selected_has_no_precision(run: RunData) -> None:
    last = curve_tables.tabulate_precision_recall_points(run, None).iloc[-1]
    assert last[say("lab.threshold")] == "1.00"
    assert last[PRECISION] == say("number.none")
    assert last[say("column.selected")] == 0
    assert last[HITS].startswith("0% (")


def test_calibration_counts_each_bin(run: RunData) -> None:
    frame = load(run)
    women = frame[frame["sex"] == "Female"]
    place = np.minimum((women["y_score"] * 10).astype(int), 9)
    expected = women.groupby(place).agg(
        rows=("row", "size"), score=("y_score", "mean"), share=("y_true", "mean")
    )
    table = curve_tables.tabulate_calibration(run, "sex", "Female")
    assert list(table[say("column.rows")]) == list(expected["rows"])
    assert list(table[name_metric("mean_score")]) == pytest.approx(list(expected["score"]))
    assert list(table[say("chart.share_true")]) == pytest.approx(list(expected["share"]))
    first = expected.index[0] * 10
    assert table[say("column.score")].iloc[0] == f"{first}.0% to {first + 10}.0%"
    assert curve_tables.tabulate_calibration(run, None, "")[say("column.rows")].sum() == len(frame)


def test_the_confusion_table_counts_the_predictions(run: RunData) -> None:
    frame = load(run)
    for grouping, group in ((None, ""), ("sex", "Female")):
        rows = frame if grouping is None else frame[frame[grouping] == group]
        table = curve_tables.tabulate_confusion(run, grouping, group)
        assert len(table) == 4
        counts = [int(text.replace(",", "")) for text in table[say("column.rows")]]
        for place, (truth, decision) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            same = rows["y_true"] == truth
            assert counts[place] == (same & (rows["y_pred"] == decision)).sum()
            share = (rows["y_pred"][same] == decision).mean()
            told = table[say("column.share_of_outcome")][place]
            assert told.startswith(f"{format_value(float(share), 'share')} (95% interval ")
