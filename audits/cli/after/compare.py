"""`assay compare`: what improved from one run to another, what got worse, what noise explains."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from audits.compare import (
    Change,
    Comparison,
    Outcome,
    Way,
    drop_doubles,
    find_who,
    pick_varied,
    render_change,
    render_difference,
    render_headline,
    render_left_out,
    render_verdict,
    run_comparison,
)
from audits.core.errors import InputError
from audits.core.format import format_count, format_time, plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.report import CheckOutcome
from audits.store import load_bundle

SHOWN = 12
_TITLES = {Outcome.WORSENED: "Got worse", Outcome.IMPROVED: "Improved",
           Outcome.SLIGHT: "Changed, but by less than counts",
           Outcome.SHIFTED: "Changed, neither better nor worse",
           Outcome.NOTED: "Changed, but does not count"}  # fmt: skip
_STYLES = {Outcome.WORSENED: "red", Outcome.IMPROVED: "green"}
_ICONS = {Way.WORSE: ("✗", "red"), Way.BETTER: ("✓", "green")}
_OPEN = ("·", "dim")
"""Of verdicts that turned without a number that did."""


def compare_command(before: Path, after: Path, min_change: float, *, as_json: bool) -> int:
    """Print a comparison; return 1 where something that counts got worse beyond noise, else 0."""
    check_min_change(min_change)
    found = run_comparison(load_bundle(before), load_bundle(after), min_change)
    if as_json:
        print(json.dumps(describe_comparison(found)))
    else:
        show_comparison(Console(stderr=True, highlight=False), found)
    return int(found.got_worse)


def check_min_change(least: float) -> None:
    """Raise InputError where a least change cannot be meant."""
    if not 0 <= least < 1:
        raise InputError(
            f"--min-change {least:g} is not a part of one; from 0 to below 1 is allowed, "
            "so for 2 points write 0.02"
        )


def describe_comparison(found: Comparison) -> dict[str, object]:
    """Return a comparison as JSON values; numbers that did not change are only counted."""
    counts = {outcome.value: 0 for outcome in Outcome}
    for item in found.changes:
        counts[item.outcome.value] += 1
    worse = drop_doubles(found.find(Outcome.WORSENED))
    return {
        "before": asdict(found.before),
        "after": asdict(found.after),
        "got_worse": found.got_worse,
        "headline": render_headline(found),
        "first": None if not worse else _name_first(worse[0]),
        "min_change": found.min_change,
        "basis": found.basis,
        "left_out": list(found.left_out),
        "tested": found.tested,
        "counts": counts,
        "verdicts": [
            {"rule": item.rule, "measurement": item.item.id, "way": item.way.value,
             "before": item.before and item.before.status.value,
             "after": item.after and item.after.status.value, "number_changed": item.sure}
            for item in found.verdicts
        ],
        **{outcome.value: [_describe(x) for x in found.find(outcome)] for outcome in _TITLES},
        "checks": [
            {"check": item.code, "before": item.before and item.before.status.value,
             "after": item.after and item.after.status.value}
            for item in found.checks
        ],
        "differences": [asdict(item) for item in found.differences],
    }  # fmt: skip


def _name_first(item: Change) -> dict[str, object]:
    attribute, group = find_who(item.shown)
    return {"attribute": attribute or None, "group": group or None, "measurement": item.id}


def _describe(item: Change) -> dict[str, object]:
    def value(side: Measurement | None) -> float | None:
        return None if side is None else side.value

    return {
        "id": item.id,
        "before": value(item.before),
        "after": value(item.after),
        "change": None if item.change is None else item.change.model_dump(),
        "p_value": item.p_value,
        "adjusted": item.adjusted,
        "family": item.family.value,
    }


def show_comparison(console: Console, found: Comparison) -> None:
    """Print a comparison for people."""
    for title, run in (("Before", found.before), ("After", found.after)):
        facts = f"{format_count(run.rows)} rows, {format_time(run.created)}"
        console.print(Text(f"{title:8}{plain_text(run.name)}, {facts}", style="dim"))
    console.print(Text(render_headline(found), style="bold"))
    console.print(Text(found.basis_reason, style="dim"))
    if note := render_left_out(found):
        console.print(Text(note))
    _show_verdicts(console, found)
    for outcome, title in _TITLES.items():
        _show_changes(console, found, outcome, title)
    same = len(found.find(Outcome.SAME))
    console.print(Text(f"\nNo change beyond noise: {format_count(same)} numbers."))
    _show_differences(console, found)


def _show_verdicts(console: Console, found: Comparison) -> None:
    if not found.verdicts:
        console.print(Text("\nNo verdict turned."))
        return
    console.print(Text("\nVerdicts that turned", style="bold"))
    for item in found.verdicts[:SHOWN]:
        icon, style = _ICONS.get(item.way, _OPEN) if item.sure else _OPEN
        console.print(Text.assemble((f"{icon} ", style), render_verdict(item)))
    _show_rest(console, len(found.verdicts))


def _show_changes(console: Console, found: Comparison, outcome: Outcome, title: str) -> None:
    changes = drop_doubles(found.find(outcome))
    if not changes:
        return
    console.print(Text(f"\n{title}", style=_STYLES.get(outcome, "bold")))
    for item in pick_varied(changes, SHOWN):
        console.print(Text(f"  {render_change(item)}"))
    _show_rest(console, len(changes))


def _show_differences(console: Console, found: Comparison) -> None:
    lines = [f"{item.topic}: {render_difference(item)}" for item in found.differences]
    lines += [
        f"check {item.title}: {_status(item.before)} → {_status(item.after)}"
        for item in found.checks
    ]
    if not lines:
        console.print(Text("Files, settings and rules are the same in both runs."))
        return
    console.print(Text("\nWhat differs between the runs", style="bold"))
    for line in lines[:SHOWN]:
        console.print(Text(f"  {line}"))
    _show_rest(console, len(lines))


def _status(check: CheckOutcome | None) -> str:
    return "not run" if check is None else check.status.value.replace("_", " ")


def _show_rest(console: Console, total: int) -> None:
    if total > SHOWN:
        console.print(Text(f"  and {format_count(total - SHOWN)} more (--json has all)", "dim"))
