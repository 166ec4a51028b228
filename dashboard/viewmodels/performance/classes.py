"""Each class of a multiclass model against all others."""

from __future__ import annotations

import pandas as pd

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import find_result, render_point, render_range
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

METRICS = ("prevalence", "selection_rate", "true_positive_rate", "positive_predictive_value",
           "roc_auc")  # fmt: skip
GAPS = ("demographic_parity_difference", "equal_opportunity_difference",
        "equalized_odds_difference")  # fmt: skip


def tabulate_classes(run: RunData) -> pd.DataFrame:
    """Return every class with its rates over all rows; empty where there are but two classes."""
    return _tabulate(run, None, METRICS)


def tabulate_class_gaps(run: RunData, grouping: str) -> pd.DataFrame:
    """Return the gaps between the groups of `grouping` for every class."""
    return _tabulate(run, grouping, GAPS)


def _tabulate(run: RunData, attribute: str | None, metrics: tuple[str, ...]) -> pd.DataFrame:
    found: dict[str, dict[str, Measurement]] = {}
    for item in run.report.measurements:
        here = item.check == "performance.classes" and item.attribute == attribute
        if here and item.part and item.metric in metrics:
            found.setdefault(item.part_name, {})[item.metric] = item
    return pd.DataFrame(
        [
            {say("column.class"): plain_text(name)}
            | {name_metric(metric): _say(items[metric]) for metric in metrics if metric in items}
            for name, items in found.items()
        ]
    )


def _say(item: Measurement) -> str:
    result = find_result(item)
    inside = render_range(result, item.unit)
    value = render_point(result, item.unit)
    return f"{value} ({inside})" if inside else value
