"""Rules that people are held to: adverse impact of a grouping, the tables of Local Law 144."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from audits.checks import LOCAL_LAW_CHECK as LAW, RATES, count_selected
from audits.core.format import format_p, format_value, plain_text
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.words.clauses import FOUR_FIFTHS, SCORING_TABLES, SELECTION_TABLES, SMALL_NUMBERS
from audits.rules import AdverseImpact, Kind, compute_adverse_impact
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import (
    find_result,
    render_measurement,
    render_point,
    render_range,
    render_test,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric, render_finding

_CLAUSES: dict[Kind, str] = {
    "selection": SELECTION_TABLES.citation,
    "scoring": SCORING_TABLES.citation,
}


@dataclass(frozen=True, slots=True)
class LawTable:
    """One of the law's tables: what it is of, and its categories."""

    key: str
    title: str
    table: pd.DataFrame


def tabulate_impact(run: RunData, grouping: str) -> pd.DataFrame:
    """Return every group against the one selected most often, sizes first, lowest ratio on top;
    empty where that was not measured."""
    records = []
    for item in _ranked(run, grouping):
        result = find_result(item)
        known = run.report.by_id
        rows, rate = (
            known.get(measurement_id(metric, grouping, item.group))
            for metric in ("count", "selection_rate")
        )
        beside = {
            metric: known.get(measurement_id(metric, grouping, item.group, item.reference_group))
            for metric in ("selection_shortfall", "selection_rate_fisher_p")
        }
        records.append(
            {
                say("column.group"): plain_text(item.group or ""),
                say("column.rows"): int(rows.value or 0) if rows else 0,
                name_metric("selection_rate"): render_point(find_result(rate), "share")
                if rate
                else "",
                name_metric("impact_ratio"): render_point(result, item.unit),
                say("column.interval"): render_range(result, item.unit),
                say("column.chance"): render_test(item),
                **{name_metric(name): _point(other) for name, other in beside.items()},
            }
        )
    return pd.DataFrame(records)


def list_impact_sentences(run: RunData, grouping: str) -> list[str]:
    """Return the lowest impact ratio as sentences: who, how much, how sure, how many persons."""
    ranked = [item for item in _ranked(run, grouping) if item.estimate is not None]
    if not ranked:
        return []
    item = ranked[0]
    sentences = [f"{render_finding(item)}."]
    impact = _recompute(run, grouping, item)
    if impact is None or impact.fisher_p is None:
        return sentences
    side = "below" if impact.below_four_fifths else "not_below"
    sentences.append(say(f"impact.{side}", clause=FOUR_FIFTHS.citation))
    sure = "significant" if impact.significant else "chance"
    sentences.append(say(f"impact.{sure}", p=format_p(impact.fisher_p)))
    group = plain_text(item.group or "")
    if impact.flips:
        sentences.append(say("impact.flips", clause=SMALL_NUMBERS.citation))
    elif impact.significant and not impact.robust:
        sentences.append(say("impact.fragile", group=group))
    if impact.shortfall is not None and impact.shortfall > 0:
        persons = format_value(impact.shortfall, "count")
        sentences.append(say("impact.shortfall", persons=persons, group=group))
    return sentences


def _ranked(run: RunData, grouping: str) -> list[Measurement]:
    items = run.by_group("impact_ratio", grouping)
    return sorted(items, key=lambda item: (item.value is None, item.value or 0.0))


def _point(item: Measurement | None) -> str:
    return "" if item is None else render_point(find_result(item), item.unit)


def _recompute(run: RunData, grouping: str, item: Measurement) -> AdverseImpact | None:
    """Return the comparison from the cube's counts; None where rows are weighted."""
    view = run.view(grouping)
    if run.cube.weighted or not {item.group, item.reference_group} <= set(view.labels):
        return None
    selected, rows = count_selected(view)
    places = [view.labels.index(name or "") for name in (item.group, item.reference_group)]
    (group, reference) = ((int(selected[place]), int(rows[place])) for place in places)
    return compute_adverse_impact(*group, *reference)


def list_law_tables(run: RunData) -> list[LawTable]:
    """Return the tables of Local Law 144, none where the audit was not asked for them."""
    items = [item for item in run.report.measurements if item.check == LAW]
    found = []
    for kind, (rate, ratio) in RATES.items():
        attributes = dict.fromkeys(item.attribute for item in items if item.metric == rate)
        for attribute in attributes:
            mine = [item for item in items if item.attribute == attribute]
            title = say("law.table", attribute=plain_text(attribute or ""), clause=_CLAUSES[kind])
            found.append(LawTable(f"{kind}-{attribute}", title, _tabulate(mine, rate, ratio)))
    return found


def _tabulate(items: list[Measurement], rate: str, ratio: str) -> pd.DataFrame:
    by_key = {(item.metric, item.group): item for item in items}
    records = []
    for (metric, group), item in by_key.items():
        if metric != rate:
            continue
        count, impact = by_key["count", group], by_key[ratio, group]
        records.append(
            {
                say("law.category"): plain_text(group or ""),
                say("law.applicants"): int(count.value or 0),
                name_metric(rate): render_measurement(item),
                name_metric(ratio): render_measurement(impact),
            }
        )
    return pd.DataFrame(records)


def render_law_note(run: RunData) -> str:
    """Return what the tables leave out, and that nothing is judged."""
    for item in run.report.measurements:
        if item.check == LAW and item.metric == "unknown_count":
            return say("law.note", unknown=render_point(find_result(item), item.unit))
    return ""
