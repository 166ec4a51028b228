"""What several commands show or write: progress bars, texts to a file or to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from audits.checks import Progress as Report
from audits.core.errors import InputError


@contextmanager
def show_progress(console: Console, stages: Mapping[str, str]) -> Iterator[Report]:
    """Show a bar that says what is being done; it is gone when the work ends.

    stages: what is shown for a stage, where its own name would not do.
    """
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=console, transient=True,
    ) as bars:  # fmt: skip
        task = bars.add_task("Starting", total=None)

        def show(stage: str, fraction: float | None) -> None:
            bars.update(
                task, description=stages.get(stage, stage), total=1.0 if fraction else None,
                completed=fraction or 0.0,
            )  # fmt: skip

        yield show


def write_text(text: str, out: Path | None, label: str) -> None:
    """Write a text to a file, and say so with `label`, or to stdout without one.

    Raises InputError where the file cannot be written.
    """
    if out is None:
        sys.stdout.write(text)
        return
    with explain_unwritable(out):
        out.write_text(text, encoding="utf-8")
    print(f"{label:8}{out}", file=sys.stderr)


@contextmanager
def explain_unwritable(out: Path) -> Iterator[None]:
    """Turn a failure to write `out` into one line for people."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {str(out)!r}: {error.strerror}") from error
