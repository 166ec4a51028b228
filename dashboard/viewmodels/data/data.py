"""The data: what was audited, how large its groups are, how often each has the good outcome."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from audits.core.format import format_count, format_interval, format_value, plain_text
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, is_significant
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import list_words
from audits.figures import Bar, Chart, Mark, draw_bars, draw_dots
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import find_result, make_group_dots, render_point, render_range
from dashboard.viewmodels.run import RunData

SMALL = 50
"""Groups with fewer rows are marked: every number about them is uncertain."""

BALANCES = {"binary": "prevalence", "multiclass": "prevalence", "regression": "mean_outcome"}
"""What a group's outcome is summed up by."""


def render_lead(run: RunData) -> str:
    """Return one sentence: rows, columns, what was audited, how much is missing."""
    data, model = run.report.subject.data, run.report.subject.model
    shares = [item.value or 0.0 for item in run.report.find("missing_share", attribute=None)]
    given = run.spec.predictions
    decided = "" if given is None else next(iter((*given.decided, *given.scored)))
    subject = say("data.lead_decisions", column=plain_text(decided))
    if model is not None:
        subject = say("data.lead_model", n=model.n_features)
    missing = say("data.lead_complete")
    if shares:
        missing = say(
            "data.lead_missing",
            share=format_value(sum(shares) / data.columns, "share"),
            n=say("data.one_column") if len(shares) == 1 else say("data.columns", n=len(shares)),
        )
    rows = format_count(data.rows)
    return say("data.lead", rows=rows, columns=data.columns, subject=subject, missing=missing)


def _list_sizes(run: RunData, grouping: str) -> list[tuple[str, int]]:
    """Return the groups with their rows, largest first."""
    items = run.by_group("count", grouping)
    sizes = [(plain_text(item.group or ""), int(item.value or 0)) for item in items]
    return sorted(sizes, key=lambda pair: (-pair[1], pair[0]))


def list_small(run: RunData) -> list[tuple[str, int]]:
    """Return every group and intersection with fewer than `SMALL` rows, smallest first."""
    small = [
        (f"{plain_text(grouping)}: {name}", rows)
        for grouping in run.groupings
        for name, rows in _list_sizes(run, grouping)
        if rows < SMALL
    ]
    return sorted(small, key=lambda pair: (pair[1], pair[0]))


def render_small(run: RunData) -> str:
    """Return which groups are small, over all attributes and intersections, a sentence."""
    small = list_small(run)
    total = sum(len(_list_sizes(run, grouping)) for grouping in run.groupings)
    if not small:
        return say("data.none_small", n=total, least=SMALL)
    named = [say("data.small_named", group=name, rows=rows) for name, rows in small]
    return say(
        "data.some_small" if len(small) > 1 else "data.one_small",
        n=len(small), total=total, least=SMALL, named=list_words(named, 3),
    )  # fmt: skip


def make_sizes_chart(run: RunData, grouping: str) -> Chart | None:
    """Return the rows of every group, largest on top, small ones grey and named so."""
    sizes = _list_sizes(run, grouping)
    if not sizes:
        return None
    total = run.report.subject.data.rows
    bars = [
        Bar(name, float(rows), _label_size(rows), _describe_size(rows, total), rows < SMALL)
        for name, rows in sizes
    ]
    (first, most), (last, least) = sizes[0], sizes[-1]
    title = say(
        "data.sizes_title" if len(sizes) > 1 else "data.sizes_title_one",
        first=first, most=format_count(most), last=last, least=format_count(least),
        share=format_value(least / total, "share"),
    )  # fmt: skip
    return draw_bars(bars, title=title, axis=say("column.rows"), alt=say("data.sizes_alt"))


def _label_size(rows: int) -> str:
    text = format_count(rows)
    return say("data.label_small", rows=text) if rows < SMALL else text


def _describe_size(rows: int, total: int) -> str:
    key = "data.size_small" if rows < SMALL else "data.size"
    return say(key, rows=format_count(rows), share=format_value(rows / total, "share"))


def tabulate_sizes(run: RunData, grouping: str) -> pd.DataFrame:
    """Return every group with its rows, its share, and whether it is small."""
    total = run.report.subject.data.rows
    return pd.DataFrame(
        [
            {
                say("column.group"): name,
                say("column.rows"): rows,
                say("column.share"): rows / total,
                say("data.remark"): say("data.small_remark") if rows < SMALL else "",
            }
            for name, rows in _list_sizes(run, grouping)
        ]
    )


def list_classes(run: RunData) -> list[str]:
    """Return the classes of a multiclass run, () for other tasks."""
    names = [
        item.part_name
        for item in run.report.find("prevalence", attribute=None)
        if item.is_of(PartKind.CLASS)
    ]
    return list(dict.fromkeys(names)) if run.task == "multiclass" else []


def _list_balance(run: RunData, grouping: str | None, name: str) -> list[Measurement]:
    """Return the outcome of every group of a grouping (of the whole data for None)."""
    wanted = Part(PartKind.CLASS, name) if run.task == "multiclass" else None
    items = run.report.find(BALANCES[run.task], attribute=grouping, part=wanted)
    return [item for item in items if item.estimate is not None and item.reference_group is None
            and not item.check.startswith("rules.")]  # fmt: skip


def make_balance_chart(run: RunData, grouping: str, name: str = "") -> Chart | None:
    """Return the outcome of every group with intervals, lowest on top; None without outcomes.

    name: the class of a multiclass run.
    """
    items = sorted(_list_balance(run, grouping, name), key=lambda item: item.value or 0.0)
    if not items:
        return None
    whole = next(iter(_list_balance(run, None, name)), None)
    mark = None
    if whole is not None and whole.value is not None:
        text = render_point(find_result(whole), whole.unit)
        mark = Mark(whole.value, say("chart.everybody", value=text))
    small = {group for group, rows in _list_sizes(run, grouping) if rows < SMALL}
    shown = [replace(d, quiet=plain_text(d.name) in small) for d in make_group_dots(items)]
    share = items[0].unit == "share"
    return draw_dots(
        shown, title=render_balance(run, grouping, name), axis=_name_outcome(run, name),
        percent=share, mark=mark, least=0.0 if share else None,
    )  # fmt: skip


def _name_outcome(run: RunData, name: str) -> str:
    data = run.report.subject.data
    target = plain_text(data.target or "")
    if run.task == "regression":
        return say("data.outcome_mean", target=target)
    value = name if run.task == "multiclass" else (data.positive or "")
    return say("data.outcome_share", target=target, value=plain_text(value))


def render_balance(run: RunData, grouping: str, name: str = "") -> str:
    """Return the largest difference in outcome that a test supports, or that there is none."""
    metric = f"{BALANCES[run.task]}_difference"
    outcome = _name_outcome(run, name)
    compared = [item for item in run.by_group(metric, grouping) if item.p_value is not None]
    if run.task == "multiclass" or not compared:
        return outcome
    sure = [item for item in compared if is_significant(item, len(compared))]
    if not sure:
        return say("data.balance_even", outcome=outcome)
    widest = max(sure, key=lambda item: abs(item.value or 0.0))
    estimate = widest.estimate
    assert estimate is not None  # sure numbers have one
    own = {item.group: item for item in _list_balance(run, grouping, name)}
    values = [
        render_point(find_result(own[group]), own[group].unit) if group in own else "?"
        for group in (widest.group, widest.reference_group)
    ]
    size = estimate if estimate.value > 0 else _turn(estimate)
    return say(
        "data.balance_more" if estimate.value > 0 else "data.balance_less",
        outcome=outcome, group=plain_text(widest.group or ""), value=values[0],
        reference=plain_text(widest.reference_group or ""), other=values[1],
        gap=format_value(size.value, widest.unit), interval=format_interval(size, widest.unit),
    )  # fmt: skip


def _turn(estimate: Estimate) -> Estimate:
    turned = {"value": -estimate.value, "low": -estimate.high, "high": -estimate.low}
    return estimate.model_copy(update=turned)


def tabulate_balance(run: RunData, grouping: str, name: str = "") -> pd.DataFrame:
    """Return every group's outcome with its interval and rows."""
    return pd.DataFrame(
        [
            {
                say("column.group"): plain_text(item.group or ""),
                say("column.value"): render_point(find_result(item), item.unit),
                say("column.interval"): render_range(find_result(item), item.unit),
                say("data.known_rows"): item.estimate.n if item.estimate else 0,
            }
            for item in _list_balance(run, grouping, name)
        ]
    )


def explain_no_balance(run: RunData) -> str:
    """Return why there is no outcome to show."""
    if run.report.subject.data.target is None:
        return say("data.no_target")
    return say("data.no_balance")
