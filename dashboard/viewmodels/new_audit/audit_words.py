"""Sentences about a new audit: what the files hold, and what will be audited."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.errors import one_of
from audits.core.format import format_count, plain_text
from audits.data import DataPreview
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.new_audit import Draft


def render_rows(preview: DataPreview) -> str:
    """Return how many rows a file has: exactly, or about, to two digits."""
    if preview.exact:
        return format_count(preview.rows)
    return say("form.about", n=format_count(int(float(f"{preview.rows:.2g}"))))


def render_found(preview: DataPreview) -> str:
    """Return what a data file holds, and how much of it was looked at."""
    kind, rows = say(f"file.{preview.format}"), render_rows(preview)
    if preview.looked == preview.rows:
        return say("form.found", kind=kind, rows=rows, columns=len(preview.columns))
    looked = format_count(preview.looked)
    return say("form.found_part", kind=kind, rows=rows, columns=len(preview.columns), looked=looked)


def name_some(names: Sequence[str], limit: int = 3) -> str:
    """Return the first names, and how many more there are."""
    text = plain_text(", ".join(names[:limit]))
    more = len(names) - limit
    return text if more <= 0 else say("form.and_more", names=text, n=more)


def find_lacking(preview: DataPreview, reference: DataPreview) -> str:
    """Return which of the data's columns the reference data lacks, "" where none."""
    lacking = [name for name in preview.names if name not in set(reference.names)]
    if not lacking:
        return ""
    return say("form.lacking", n=len(lacking), names=plain_text(one_of(lacking, 6)))


def render_summary(draft: Draft, preview: DataPreview) -> str:
    """Return what will be audited in one sentence."""
    groups = plain_text(", ".join(draft.protected)) or say("form.sum_nobody")
    about = plain_text(draft.target)
    if draft.task == "binary" and draft.positive is not None:
        about = say("form.sum_value", target=plain_text(draft.target or draft.label),
                    value=plain_text(str(draft.positive)))  # fmt: skip
    key = "form.sum_model" if draft.model else "form.sum_decisions"
    subject = plain_text(draft.model.replace("\\", "/").split("/")[-1])
    return say(
        key,
        subject=subject,
        rows=render_rows(preview),
        about=about,
        groups=groups,
        policy=draft.preset,
    )
