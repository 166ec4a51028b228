"""How far other methods explain the same rows alike: a dot a method, and the rows that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from audits.core.format import format_count, format_value, plain_text
from audits.core.report.codes import TRUST_CHECK
from audits.core.report.measurement import Measurement
from audits.core.words.methods import TITLES
from audits.figures import Chart, Mark, draw_dots
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement
from dashboard.viewmodels.run import RunData

RANKS = ("trust_agreement", "trust_other_agreement")
"""Rank correlations with a method that asks the same question, and another one."""
APART = 0.5
"""A row whose columns are ranked with a correlation under this is explained otherwise."""
ALIKE = 0.8
"""From this correlation on, for the whole interval, methods are said to agree: the bound from which
an explanation may be relied on (`audits.findings.stories.trust_limits`)."""
_EVIDENCE = "trust.parquet"


def list_agreements(run: RunData, evidence: str) -> list[Measurement]:
    """Return the rank correlations with other methods, the least alike first."""
    method = evidence.removeprefix("attributions.").removesuffix(".parquet")
    found = [
        item
        for item in run.report.measurements
        if item.check == TRUST_CHECK and item.metric in RANKS and item.estimate is not None
        and item.part_name == method
    ]  # fmt: skip
    return sorted(found, key=lambda item: item.value or 0.0)


def name_method(method: str) -> str:
    """Return a method's name for people."""
    return plain_text(TITLES.get(method, method))


def _name_other(item: Measurement) -> str:
    return name_method(item.part_other)


def make_agreement_chart(items: list[Measurement]) -> Chart:
    """Return a dot with its interval for each other method; 1 is the same order of columns."""
    worst = items[0]
    low = worst.estimate.low if worst.estimate else 0.0
    title = say(
        "agreement.title_alike" if low >= ALIKE else "agreement.title", method=_name_other(worst),
        value=render_measurement(worst),
    )  # fmt: skip
    return draw_dots(
        [make_dot(item, _name_other(item)) for item in items],
        title=title, axis=say("agreement.axis"), mark=Mark(1.0, say("agreement.same")),
        least=0.0, most=1.0,
    )  # fmt: skip


def tabulate_agreement(run: RunData, items: list[Measurement]) -> pd.DataFrame:
    """Return each other method: whether it asks the same, how far it agrees, on how many rows."""
    records = []
    for item in items:
        other = item.part_other
        top = next(
            (x for x in run.report.measurements
             if x.metric == f"{item.metric}_top" and x.part == item.part), None
        )  # fmt: skip
        records.append(
            {
                say("agreement.method"): _name_other(item),
                say("agreement.question"): say(f"agreement.{item.metric}"),
                say("agreement.ranks"): render_measurement(item),
                say("agreement.top"): "" if top is None else render_measurement(top),
                say("agreement.apart"): _count_apart(run, item.metric, other),
            }
        )
    return pd.DataFrame(records)


def _count_apart(run: RunData, metric: str, other: str) -> str:
    """Return how many rows the other method explains otherwise; "" where rows were not kept."""
    name = f"{metric}|{other}"
    if not run.bundle.has_evidence(_EVIDENCE):
        return ""
    path = run.bundle.evidence_path(_EVIDENCE)
    if name not in pq.read_schema(path).names:
        return ""
    values = pq.read_table(path, columns=[name])[name].to_numpy().astype(np.float64)
    known = values[~np.isnan(values)]
    return say(
        "agreement.count", n=format_count(int((known < APART).sum())), of=format_count(len(known))
    )


def explain_agreement(items: list[Measurement]) -> str:
    """Return how to read the figure."""
    same = any(item.metric == RANKS[0] for item in items)
    note = say("agreement.note", limit=format_value(APART, "score"))
    return note if same else f"{note} {say('agreement.lawful')}"
