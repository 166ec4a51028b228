"""`assay export`, and the offline report that `assay run` writes."""

from __future__ import annotations

from pathlib import Path

from audits.cli.terminal import write_text
from audits.core.errors import InputError
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.export import render_html
from audits.store import load_bundle


def export_command(run: Path, out: Path | None, least: int = MIN_ROWS_TO_SHOW) -> None:
    """Write a run as one HTML file that works offline, to a file or to stdout."""
    if least < 1:
        raise InputError(f"--least {least} is not allowed; give a number of rows, 1 or more")
    write_text(render_html(load_bundle(run), least=least), out, "Report")
