"""`assay run`."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from audits.checks import Progress as Report
from audits.cli.baseline import (
    NO_BASELINE,
    Against,
    describe_baseline,
    open_baseline,
    show_baseline,
    worsen,
)
from audits.cli.faults import OutputClosedError, explain_system_errors
from audits.cli.outcome import show_outcome
from audits.cli.terminal import explain_unwritable, show_progress
from audits.compare import Comparison
from audits.core.errors import AssayError, CancelledError
from audits.core.report.report import AuditReport, CheckOutcome
from audits.core.settings.read import load_spec
from audits.export import FORMATS, RunResult, describe_findings, render_annotations
from audits.findings import check_fail_on, compute_exit_code, count_judged
from audits.pipeline import Early, Ended, no_news, run_audit
from audits.store import Bundle, keep_preview, save_preview

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

Outputs = Mapping[str, Path | None]
"""Where each of `FORMATS` is wanted, by its flag."""

ON_GITHUB = "GITHUB_ACTIONS"
GITHUB_SUMMARY = "GITHUB_STEP_SUMMARY"


def run_command(
    audit: Path,
    out: Path | None,
    device: str,
    fail_on: str,
    *,
    as_json: bool,
    against: Against = NO_BASELINE,
    outputs: Outputs | None = None,
) -> int:
    """Run an audit and show what it found; return the exit code.

    against: the run that it is held against when it is done. outputs: files for other tools.
    """
    check_fail_on(fail_on)
    asked = outputs or {}
    signal.signal(signal.SIGTERM, _stop)
    if as_json:
        return _run_for_machines(audit, out, device, fail_on, against, asked)
    targets = find_targets(audit, asked)
    baseline = open_baseline(against, audit, out)
    console = Console(stderr=True)
    started = time.monotonic()
    with show_progress(console, STAGES) as show:
        bundle = _run(audit, out or default_folder(audit), device, show)
    show_outcome(console, bundle, time.monotonic() - started)
    found = None if baseline is None else baseline.compare(bundle)
    show_baseline(console, found)
    code = worsen(compute_exit_code(bundle.report, fail_on), found)
    write_outputs(targets, bundle.report, audit, fail_on=fail_on, exit_code=code, comparison=found)
    return code


def _run_for_machines(
    audit: Path,
    out: Path | None,
    device: str,
    fail_on: str,
    against: Against,
    asked: Outputs,
) -> int:
    def tell(stage: str, fraction: float | None) -> None:
        _print_event(event="progress", stage=stage, fraction=fraction)

    def describe_check(outcome: CheckOutcome) -> None:
        _print_event(
            event="check", code=outcome.code, status=outcome.status.value, seconds=outcome.seconds
        )

    try:
        with explain_system_errors():
            target = out or default_folder(audit)
            targets = find_targets(audit, asked)
            baseline = open_baseline(against, audit, out)
            with keep_preview(target) as place:

                def describe_early(report: AuditReport, folder: Path) -> None:
                    save_preview(report, folder, place)
                    _print_event(event="preview", run=str(place))

                bundle = _run(
                    audit, target, device, tell, early=describe_early, ended=describe_check
                )
            found = None if baseline is None else baseline.compare(bundle)
            code = worsen(compute_exit_code(bundle.report, fail_on), found)
            write_outputs(
                targets, bundle.report, audit, fail_on=fail_on, exit_code=code, comparison=found
            )
    except OutputClosedError:
        raise
    except AssayError as error:
        _print_event(event="error", message=str(error), exit_code=error.exit_code)
        return error.exit_code
    judged = count_judged(bundle.report)
    _print_event(
        event="finished", run=str(bundle.path), exit_code=code, fairness_judged=judged,
        findings=describe_findings(bundle.report), **describe_baseline(found),
    )  # fmt: skip
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
    from audits.cli.after.card import write_cards  # noqa: PLC0415 - model_cards reads figures

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


# What a run writes for other tools: files by flag or setting, and what GitHub reads.


def find_targets(audit: Path, asked: Outputs) -> dict[str, Path]:
    """Return where each format goes: where a flag says, else where `[output]` does, seen from the
    settings' folder. Raises InputError where a folder cannot be made, before any work starts."""
    section = load_spec(audit).output.model_dump(exclude_none=True)
    base = audit.absolute().parent
    targets = {name: base / path for name, path in section.items()}
    targets |= {name: path for name, path in asked.items() if path is not None}
    for path in targets.values():
        with explain_unwritable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").close()
    return targets


def write_outputs(
    targets: Mapping[str, Path],
    report: AuditReport,
    audit: Path,
    *,
    fail_on: str,
    exit_code: int,
    comparison: Comparison | None,
) -> None:
    """Write what was asked for; where GitHub runs the command, annotate, and add to the summary of
    the step. Raises InputError where a file cannot be written."""
    policy = load_spec(audit).policy.path
    result = RunResult(
        report=report,
        fail_on=fail_on,
        exit_code=exit_code,
        audit=audit,
        policy=None if policy is None else audit.absolute().parent / policy,
        comparison=comparison,
    )
    for name, path in targets.items():
        with explain_unwritable(path):
            path.write_text(FORMATS[name](result), encoding="utf-8")
    if os.environ.get(ON_GITHUB) == "true":
        sys.stderr.write(render_annotations(result))
        if step := os.environ.get(GITHUB_SUMMARY):
            with explain_unwritable(Path(step)), Path(step).open("a", encoding="utf-8") as file:
                file.write(FORMATS["summary"](result))
