"""`assay ll144` and `assay check-ll144`: one's own Local Law 144 tables, and published ones."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from audits.checks import CubeContext, build_summaries
from audits.cli.terminal import write_text
from audits.core.errors import CheckNotApplicableError, InputError, one_of
from audits.core.format import format_count, plain_text
from audits.core.settings.spec import AuditSpec
from audits.policy import IN_FORCE
from audits.rules import Misprint, Review, parse_published, render_csv, review_published
from audits.store import load_bundle

NO_PASS_MARK = "Local Law 144 sets no pass mark, and none is applied."


def export_command(run: Path, out: Path | None, kind: str | None) -> None:
    """Write a run's tables as CSV. Raises InputError where it has none of that kind."""
    bundle = load_bundle(run)
    effective = dict(bundle.report.spec.effective)
    effective.pop(IN_FORCE, None)
    context = CubeContext(AuditSpec.model_validate(effective), bundle.load_cube())
    try:
        summaries = {summary.kind: summary for summary in build_summaries(context)}
    except CheckNotApplicableError as error:
        raise InputError(f"{run.name!r} has no Local Law 144 tables: {error}") from error
    wanted = kind or next(iter(summaries))
    found = next((item for name, item in summaries.items() if name == wanted), None)
    if found is None:
        raise InputError(f"--kind {kind!r}: this run has {one_of(summaries)} tables")
    write_text(render_csv(found), out, "Tables")
    print(NO_PASS_MARK, file=sys.stderr)


def check_command(table: Path, *, as_json: bool) -> None:
    """Recompute a published summary and print what does not come out: warnings, no verdict."""
    try:
        text = table.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{table.name} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read {str(table)!r}: {error.strerror}") from error
    review = review_published(parse_published(text, table.name))
    if as_json:
        print(json.dumps({"table": table.name, **asdict(review)}, ensure_ascii=False))
        return
    for line in render_review(review):
        print(line, file=sys.stderr)


def render_review(review: Review) -> list[str]:
    """Return what was found as lines: the count first, then every warning, then remarks."""
    right = review.checked - len(review.misprints)
    return [
        f"{format_count(right)} of {format_count(review.checked)} printed numbers come out from "
        f"the counts ({review.kind} tables, ratios from unrounded rates).",
        *(f"! {_say_misprint(misprint)}" for misprint in review.misprints),
        *(f"! {sentence}" for sentence in review.disagreements),
        *review.remarks,
        NO_PASS_MARK,
    ]


def _say_misprint(misprint: Misprint) -> str:
    note = f" ({misprint.note})" if misprint.note else ""
    return (
        f"{misprint.table}, {plain_text(misprint.category)}: {misprint.column} is printed "
        f"{misprint.printed}, the counts give {misprint.recomputed}{note}."
    )
