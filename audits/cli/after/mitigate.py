"""`assay mitigate`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from audits.cli.terminal import show_progress
from audits.core.format import (
    format_count,
    format_range,
    format_reason,
    format_value,
    list_words,
    plain_text,
)
from audits.core.report.estimate import Result, Unavailable
from audits.core.report.measurement import Unit
from audits.core.words.metrics import ATTRIBUTE_WARNING, describe
from audits.cube import RATES
from audits.mitigate import GOALS
from audits.pipeline import Retraining, run_retraining

STAGES = {
    "read": "Reading the data",
    "open model": "Opening the model",
    "train": "Training",
    "predict": "Measuring on the audited rows",
}
RANDOM = ("threshold-optimizer", "exponentiated-gradient")


def mitigate_command(
    audit: Path,
    method: str,
    constraint: str,
    attribute: str,
    out: Path,
    gap: float | None,
    *,
    as_json: bool,
) -> None:
    """Mitigate, save, and show before and after."""
    console = Console(stderr=True)
    with show_progress(console, STAGES) as show:
        found = run_retraining(
            audit, method=method, goal=constraint, attribute=attribute, out=out, gap=gap,
            progress=show,
        )  # fmt: skip
    if as_json:
        print(json.dumps(_describe(found)))
        return
    _show(console, found)


def _list_numbers(found: Retraining) -> list[tuple[str, Result, Result, Unit]]:
    """Return (metric, before, after, unit) of everything that is shown."""
    outcome, goal = found.outcome, GOALS[found.goal]
    rows: list[tuple[str, Result, Result, Unit]] = []
    if outcome.gap is not None and goal.gap is not None:
        rows.append((goal.gap.name, outcome.gap.before, outcome.gap.after, "points"))
    rows.append(("accuracy", outcome.accuracy.before, outcome.accuracy.after, "share"))
    rows.append(("selection_rate", outcome.selection.before, outcome.selection.after, "share"))
    return rows


def _describe(found: Retraining) -> dict[str, object]:
    numbers = {
        name: {"before": before.model_dump(), "after": after.model_dump()}
        for name, before, after, _ in _list_numbers(found)
    }
    return {
        "method": found.method.name,
        "constraint": found.goal,
        "attribute": found.attribute,
        "files": [str(path) for path in found.files],
        "trained_on": found.trained_on,
        "uses_attribute": found.method.uses_attribute,
        "measured": numbers,
        "accuracy_change": found.outcome.accuracy_change.model_dump(),
    }


def _show(console: Console, found: Retraining) -> None:
    console.print()
    console.print(Text(f"{found.method.title}, by {plain_text(found.attribute)}", style="bold"))
    facts = f"{found.method.source}; trained on {format_count(found.trained_on)} reference rows"
    console.print(Text(facts, style="dim"))
    console.print(_tabulate(found))
    for note in _list_notes(found):
        console.print(Text(note))
    for path in found.files:
        console.print(Text(f"Wrote   {path}"))


def _tabulate(found: Retraining) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("In brackets: 95% interval", overflow="fold")
    for title in ("Before", "After"):
        table.add_column(title, no_wrap=True)
    for name, before, after, unit in _list_numbers(found):
        table.add_row(describe(name).title, *(_render(one, unit) for one in (before, after)))
    change = _render(found.outcome.accuracy_change, "points")
    table.add_row(describe("accuracy_change").title, "", change)
    views = (found.outcome.before, found.outcome.after)
    for rate in GOALS[found.goal].rates:
        old, new = (RATES[rate].compute(view) for view in views)
        for place, label in enumerate(views[0].labels):
            results = (values.result(place, "no such rows") for values in (old, new))
            title = f"{describe(rate).title}, {plain_text(label)}"
            table.add_row(Text(title), *(_render(one, "share") for one in results))
    return table


def _render(result: Result, unit: Unit) -> str:
    if isinstance(result, Unavailable):
        return format_reason(result)
    return f"{format_value(result.value, unit)} ({format_range(result.low, result.high, unit)})"


def _list_notes(found: Retraining) -> list[str]:
    notes = []
    if found.method.uses_attribute:
        notes.append(f"! Legal warning: {ATTRIBUTE_WARNING}")
    if found.method.name in RANDOM:
        notes.append(
            "! Decisions are partly drawn by chance: the same person may be decided differently "
            "another time. The numbers are of one draw, with the run's seed."
        )
    if found.left_out:
        names = list_words([plain_text(name) for name in found.left_out])
        notes.append(f"! Decided as before, for want of reference rows of both outcomes: {names}")
    if found.same_rows:
        notes.append("! The reference is the audited data itself: the rows were trained on.")
    return notes
