"""People's part of a run: what is still to be written, and who signed what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audits.core.errors import InputError
from audits.core.format import format_time, plain_text
from audits.store import Review, is_preview
from dashboard.catalogue import say
from dashboard.viewmodels.card.card import find_workspace
from dashboard.viewmodels.run import RunData
from model_cards.human import PROMPTS


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the card that only a person can write. note: who wrote it and when, "" else."""

    key: str
    title: str
    prompt: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A review as it is read. stale: it was given to another state of the report."""

    decision: str
    sentence: str
    comment: str
    stale: bool


def list_parts(run: RunData) -> list[Part]:
    """Return the parts in the card's order, each with its text as it is now."""
    texts = find_workspace(run).read_card_texts(run.report.run.id)
    parts = []
    for key, (title, prompt) in PROMPTS.items():
        own = texts.get(key)
        note = "" if own is None or not own.text else say(
            "review.written", author=plain_text(own.author), time=format_time(own.written)
        )  # fmt: skip
        parts.append(Part(key, title, prompt, "" if own is None else own.text, note))
    return parts


def find_earlier(run: RunData) -> dict[str, str]:
    """Return texts of the same subject's other runs for the parts that this run lacks."""
    found = find_workspace(run)
    own = found.read_card_texts(run.report.run.id)
    earlier = found.read_earlier_texts(run.report.subject.name, run.report.run.id)
    return {part: one.text for part, one in earlier.items() if one.text and part not in own}


def save_parts(run: RunData, texts: Mapping[str, str], author: str) -> int:
    """Keep the texts that differ from those that are kept; return how many did.

    Raises InputError for a missing name or a text that is too long.
    """
    old = {part.key: part.text for part in list_parts(run)}
    changed = {key: text for key, text in texts.items() if text.strip() != old[key]}
    for key, text in changed.items():
        find_workspace(run).write_card_text(
            run.report.run.id, run.report.subject.name, key, text, author
        )
    return len(changed)


def list_signatures(run: RunData) -> list[Signature]:
    """Return a run's reviews, newest first."""
    reviews = find_workspace(run).list_reviews(run.report.run.id)
    return [_read(review, run.bundle.key) for review in reviews]


def _read(review: Review, report: str) -> Signature:
    return Signature(
        review.decision,
        say(
            f"review.said.{review.decision}",
            reviewer=plain_text(review.reviewer),
            time=format_time(review.signed),
        ),
        plain_text(review.comment),
        review.report != report,
    )


def sign(run: RunData, decision: str, reviewer: str, comment: str) -> None:
    """Sign the report as it is. Raises InputError for a missing name or comment, and for a first
    result, which is not the whole report."""
    if is_preview(run.bundle.path):
        raise InputError(say("job.unsignable"))
    find_workspace(run).add_review(run.report.run.id, run.bundle.key, decision, reviewer, comment)
