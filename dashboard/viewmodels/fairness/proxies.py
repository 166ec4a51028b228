"""Which columns give a protected attribute away, and which of them the model uses."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.findings import (
    list_faint,
    list_proxies,
    name_column,
    rank_features,
    render_faint,
    render_proxy,
    render_whole,
)
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import render_measurement, render_test
from dashboard.viewmodels.run import RunData

SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Proxies:
    """What the page says of one attribute."""

    sentences: tuple[str, ...]
    table: pd.DataFrame
    note: str


def make_proxies(run: RunData, attribute: str) -> Proxies | None:
    """Return the proxies of an attribute, those that the model also uses first; None where the run
    did not look for any."""
    items = run.by_group("proxy_auc", attribute)
    if not items:
        return None
    found = [render_proxy(one) for one in list_proxies(run.report.measurements, attribute)]
    sentences = found[:SENTENCES] or [say("proxies.none", attribute=plain_text(attribute))]
    faint = render_faint(list_faint(run.report.measurements, attribute), attribute)
    sentences += [faint] if faint else []
    sentences += render_whole([*items, *run.by_group("score_proxy_auc", attribute)])
    path = "evidence/proxies.parquet"
    note = next((plain_text(e.description) for e in run.report.evidence if e.path == path), "")
    return Proxies(tuple(sentences), _tabulate(run, items), note)


def _tabulate(run: RunData, items: list[Measurement]) -> pd.DataFrame:
    ranks = rank_features(run.report.measurements)
    records = []
    for item in sorted(items, key=lambda item: -(item.value or 0.0)):
        column = (
            name_column(item) if item.is_of(PartKind.FEATURE) else Part(PartKind.ALL_COLUMNS).text
        )
        rank = ranks.get(item.part_name)
        records.append(
            {
                say("column.feature"): column,
                say("column.group"): plain_text(item.group or ""),
                say("proxies.auc"): render_measurement(item),
                say("column.chance"): render_test(item),
                say("proxies.rank"): "" if rank is None else str(rank[0]),
            }
        )
    return pd.DataFrame(records)
