"""What makes the model err: the columns that make its loss larger or smaller."""

from __future__ import annotations

import pandas as pd

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.figures import MAX_BARS, Chart, Mark, draw_dots
from audits.findings import list_tested, name_column, render_error_driver
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement, render_test
from dashboard.viewmodels.run import RunData

MEAN, WRONG = "mean_loss_attribution", "mean_loss_attribution_wrong"
SENTENCES = 4


def list_choices(run: RunData) -> dict[str, tuple[str, str | None, str | None]]:
    """Return what can be looked at: words, and the metric, attribute and group that they mean."""
    if not run.by_group(MEAN, None):
        return {}
    found: dict[str, tuple[str, str | None, str | None]] = {
        say("errors.all"): (MEAN, None, None),
        say("errors.wrong"): (WRONG, None, None),
    }
    for attribute in run.attributes:
        for group in dict.fromkeys(item.group for item in run.by_group(MEAN, attribute)):
            words = say("errors.group", attribute=plain_text(attribute),
                        group=plain_text(group or ""))  # fmt: skip
            found[words] = (MEAN, attribute, group)
    return found


def list_items(
    run: RunData, metric: str, attribute: str | None, group: str | None
) -> list[Measurement]:
    """Return the columns with a number, what makes the loss larger first."""
    items = [x for x in run.by_group(metric, attribute) if x.group == group and x.estimate]
    return sorted(items, key=lambda item: -(item.value or 0.0))


def find_reason(run: RunData, metric: str, attribute: str | None, group: str | None) -> str:
    """Return why no column has a number."""
    for item in run.by_group(metric, attribute):
        if item.group == group and item.unavailable is not None:
            return plain_text(item.unavailable.reason)
    return ""


def list_sentences(run: RunData) -> list[str]:
    """Return the columns that make predictions better or worse, as far as a test supports it: first
    those that do harm, then the differences between groups."""
    whole = list_tested(run.by_group(MEAN, None))
    harmful = [item for item in whole if (item.value or 0.0) > 0]
    helpful = [item for item in whole if (item.value or 0.0) < 0]
    if not whole:
        return [say("errors.none")]
    chosen = (harmful + helpful)[:SENTENCES]
    sentences = [f"{render_error_driver(item)}." for item in chosen]
    if not harmful:
        sentences.insert(0, say("errors.no_harm"))
    return sentences


def make_errors_chart(run: RunData, items: list[Measurement], words: str) -> Chart:
    """Return each column's effect on the error; above 0 it makes predictions worse."""
    unit = "nats" if items[0].unit == "nats" else "square"
    shown = sorted(items, key=lambda item: -abs(item.value or 0.0))[:MAX_BARS]
    shown.sort(key=lambda item: -(item.value or 0.0))
    tested = list_tested(items)
    title = say("errors.title_none", rows=words)
    if tested:
        first = tested[0]
        key = "errors.title_worse" if (first.value or 0.0) > 0 else "errors.title_better"
        title = say(key, feature=name_column(first), rows=words)
    if items[0].attribute is not None:
        title = say("errors.title_group", rows=words)
    return draw_dots(
        [make_dot(item, name_column(item)) for item in shown],
        title=title, axis=say(f"errors.axis_{unit}"), mark=Mark(0.0, say("errors.nothing")),
    )  # fmt: skip


def tabulate_errors(run: RunData, items: list[Measurement]) -> pd.DataFrame:
    """Return each column's effect with interval and test; for a group beside the reference."""
    metric, attribute = items[0].metric, items[0].attribute
    gaps = {}
    if attribute is not None:
        gaps = {(x.part, x.group): x for x in run.by_group(f"{metric}_difference", attribute)}
    records = []
    for item in items:
        gap = gaps.get((item.part, item.group))
        record = {
            say("column.feature"): name_column(item),
            say("errors.effect"): render_measurement(item),
        }
        if attribute is not None:
            record[say("column.difference")] = "" if gap is None else render_measurement(gap)
        test = item if attribute is None else gap
        record[say("column.chance")] = "" if test is None else render_test(test)
        records.append(record)
    return pd.DataFrame(records)


def describe_errors(run: RunData) -> str:
    """Return which rows the numbers rest on."""
    path = "evidence/loss_attributions.parquet"
    return next((plain_text(e.description) for e in run.report.evidence if e.path == path), "")
