"""The list of runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audits.core.format import format_count, format_time, plain_text
from audits.core.report.verdict import SEVERITY, Status
from audits.store import list_bundles
from dashboard.catalogue import say


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list. `worst` is its worst verdict, None without any; `problem` says why
    it cannot be opened."""

    folder: str
    name: str
    facts: str
    counts: tuple[tuple[Status, str], ...]
    worst: Status | None
    problem: str


def list_runs(root: Path) -> list[RunLine]:
    """Return the runs under `root`, newest first."""
    lines = []
    for summary in list_bundles(root):
        counts = tuple(
            (status, say(f"count.{status.value}", n=n))
            for status in SEVERITY
            if (n := summary.status_counts.get(status.value, 0))
        )
        facts = "" if summary.problem else say(
            "header.facts",
            task=say(f"task.{summary.task}"),
            rows=format_count(summary.rows),
            created=format_time(summary.created),
        )  # fmt: skip
        lines.append(
            RunLine(
                folder=summary.path.name,
                name=plain_text(summary.name),
                facts=facts,
                counts=counts,
                worst=counts[0][0] if counts else None,
                problem=plain_text(summary.problem),
            )
        )
    return lines
