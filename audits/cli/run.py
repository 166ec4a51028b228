"""`assay run`."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from audits.checks.base import Progress as Report
from audits.cli.baseline import (
    NO_BASELINE,
    Against,
    describe_baseline,
    open_baseline,
    show_baseline,
    worsen,
)
from audits.cli.terminal import show_progress
from audits.core.errors import AssayError, CancelledError, InputError
from audits.core.report import AuditReport, CheckOutcome, CheckStatus
from audits.core.spec_file import load_spec
from audits.core.verdict import Status
from audits.run import Early, run_audit
from audits.run_checks import Ended, no_news
from audits.store.bundle import Bundle
from audits.store.preview import keep_preview, save_preview

_STOPPED = threading.Event()
_STOPPED_WORDS = "stopped; nothing was written"

STAGES = {
    "read": "Reading the data",
    "open model": "Opening the model",
    "predict": "Predicting",
    "count": "Counting",
    "performance.slices": "Searching the worst slices",
    "explain": "Explaining",
    "explain.effects": "Following each column's effect",
    "explain.permutation": "Dealing columns out anew",
    "explain.anchors": "Searching rules",
    "recourse": "Searching what would change decisions",
    "judge": "Judging",
    "card": "Writing the card",
}
LOOKS = {
    Status.FAIL: ("✗", "bold red"),
    Status.WARN: ("!", "yellow"),
    Status.INSUFFICIENT: ("?", "blue"),
    Status.PASS: ("✓", "green"),
    Status.NOT_APPLICABLE: ("–", "dim"),
}
SHOWN = 12
_FAIL_ON = {"fail": {Status.FAIL}, "warn": {Status.FAIL, Status.WARN}, "never": set[Status]()}


def run_command(
    audit: Path,
    out: Path | None,
    device: str,
    fail_on: str,
    *,
    as_json: bool,
    against: Against = NO_BASELINE,
) -> int:
    """Run an audit and show what it found; return the exit code.

    against: the run that it is held against when it is done.
    """
    if fail_on not in _FAIL_ON:
        raise InputError(f"--fail-on {fail_on!r} is unknown; use fail, warn or never")
    signal.signal(signal.SIGTERM, _stop)
    if as_json:
        return _run_for_machines(audit, out, device, fail_on, against)
    baseline = open_baseline(against, audit, out)
    console = Console(stderr=True)
    started = time.monotonic()
    with show_progress(console, STAGES) as show:
        bundle = _run(audit, out or default_folder(audit), device, show)
    _show_outcome(console, bundle, time.monotonic() - started)
    found = None if baseline is None else baseline.compare(bundle)
    show_baseline(console, found)
    return worsen(_exit_code(bundle.report, fail_on), found)


def _run_for_machines(
    audit: Path, out: Path | None, device: str, fail_on: str, against: Against
) -> int:
    def tell(stage: str, fraction: float | None) -> None:
        _print_event(event="progress", stage=stage, fraction=fraction)

    def tell_check(outcome: CheckOutcome) -> None:
        _print_event(
            event="check", code=outcome.code, status=outcome.status.value, seconds=outcome.seconds
        )

    try:
        target = out or default_folder(audit)
        baseline = open_baseline(against, audit, out)
        with keep_preview(target) as place:

            def tell_early(report: AuditReport, folder: Path) -> None:
                save_preview(report, folder, place)
                _print_event(event="preview", run=str(place))

            bundle = _run(audit, target, device, tell, early=tell_early, ended=tell_check)
        found = None if baseline is None else baseline.compare(bundle)
    except AssayError as error:
        _print_event(event="error", message=str(error), exit_code=error.exit_code)
        return error.exit_code
    code = worsen(_exit_code(bundle.report, fail_on), found)
    _print_event(event="finished", run=str(bundle.path), exit_code=code, **describe_baseline(found))
    return code


def _print_event(**event: object) -> None:
    print(json.dumps(event), flush=True)


def _run(
    audit: Path,
    out: Path,
    device: str,
    progress: Report,
    *,
    early: Early | None = None,
    ended: Ended = no_news,
) -> Bundle:
    from audits.cli.card import write_cards  # noqa: PLC0415 - model_cards reads figures

    def tell(stage: str, fraction: float | None) -> None:
        if _STOPPED.is_set():  # what _stop raised was caught by code that is not ours
            raise CancelledError(_STOPPED_WORDS)
        progress(stage, fraction)

    return run_audit(
        audit, out, device=device, progress=tell, finish=write_cards, early=early, ended=ended
    )


def default_folder(audit: Path) -> Path:
    """Return `runs/<name>-<time>` for an audit's settings."""
    name = re.sub(r"[^a-z0-9]+", "-", load_spec(audit).audit.name.lower()).strip("-") or "audit"
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"


def _stop(number: int, frame: FrameType | None) -> None:
    _STOPPED.set()
    raise CancelledError(_STOPPED_WORDS)


def _exit_code(report: AuditReport, fail_on: str) -> int:
    if any(check.status is CheckStatus.ERROR for check in report.checks):
        return 3
    return int(any(verdict.status in _FAIL_ON[fail_on] for verdict in report.verdicts))


def _show_outcome(console: Console, bundle: Bundle, seconds: float) -> None:
    report = bundle.report
    console.print()
    console.print(Text(report.subject.name, style="bold"), end="  ")
    console.print(f"{report.subject.data.rows:,} rows, audited in {seconds:.1f} s", style="dim")
    console.print(_tabulate_verdicts(report))
    counts = Counter(verdict.status for verdict in report.verdicts)
    parts = [f"{n} {status.value.replace('_', ' ')}" for status in LOOKS if (n := counts[status])]
    console.print(", ".join(parts) or "the policy has nothing to judge here")
    for check in report.checks:
        if check.status is not CheckStatus.MEASURED:
            ended = check.status.value.replace("_", " ")
            console.print(Text(f"{check.title}: {ended}: {check.reason}", style="dim"))
    here = _shorten(bundle.path)
    console.print(Text(f"\nReport  {here / 'report.html'}\nCard    {here / 'card.html'}"))
    console.print(Text(f"Look    assay serve --runs {here.parent}"))


def _shorten(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _tabulate_verdicts(report: AuditReport) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for verdict in report.verdicts[:SHOWN]:
        icon, style = LOOKS[verdict.status]
        word = verdict.status.value.replace("_", " ")
        subject = report.by_id[verdict.measurement].attribute
        about = f"{verdict.rule}, {subject}" if subject else verdict.rule
        reason = Text.assemble((about, "bold"), f"\n{verdict.reason}")
        table.add_row(Text(icon, style=style), Text(word, style=style), reason)
    rest = len(report.verdicts) - SHOWN
    if rest > 0:
        table.add_row("", "", Text(f"and {rest} more in the report", style="dim"))
    return table
