"""Which measurements belong together, and the tables that lay them out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import AuditReport, CheckOutcome, CheckStatus
from audits.core.words.words import SUMMARIES, describe, list_words, lower
from model_cards.card import (
    Block,
    Bullets,
    Form,
    Inline,
    Line,
    Number,
    Paragraph,
    Section,
    Table,
    Text,
)
from model_cards.numbers import make_number

Key = TypeVar("Key", bound=Hashable)

INTERSECTION = " & "
ROW_LIMIT = 40
LEFT_OUT = "; the other rows are in the report"
UNKNOWN_GROUP = "(missing)"
_ERRORS = frozenset({"additivity_error", "convergence_error", "completeness_error"})


def is_explanation(item: Measurement) -> bool:
    """Whether a measurement is about attributions, effects of columns or rules."""
    if item.check.startswith("fairness."):
        return False
    about_feature = item.is_of(PartKind.FEATURE)
    named = item.metric in _ERRORS or "attribution" in item.metric
    return about_feature or named or item.check.startswith("explain.")


def is_recourse(item: Measurement) -> bool:
    """Whether a measurement is about counterfactuals."""
    return item.metric.startswith(("recourse_", "no_recourse_"))


DATA_CHECKS = ("data.columns", "data.missing", "data.reference", "data.leakage")
"""Checks of the data itself."""

_APART = (
    *DATA_CHECKS,
    "rules.",
    "explain.",
    "fairness.adverse_impact",
    "fairness.gaps",
    "fairness.interventions",
    "fairness.conditional",
    "fairness.consistency",
    "fairness.counterfactual",
    "fairness.proxies",
    "performance.slices",
    "performance.classes",
)
"""Checks whose numbers stand in sections of their own."""


def is_apart(item: Measurement) -> bool:
    """Whether a measurement has a section of its own, beside performance and fairness."""
    return is_explanation(item) or is_recourse(item) or item.check.startswith(_APART)


def is_disparity(item: Measurement) -> bool:
    """Whether a measurement compares groups."""
    if is_apart(item):
        return False
    compares = item.reference_group is not None or item.metric in SUMMARIES
    return compares or item.metric.endswith(("_difference", "_ratio"))


def is_performance(item: Measurement) -> bool:
    """Whether a measurement describes the whole data or one group by itself."""
    return not (is_apart(item) or is_disparity(item))


def split_by_attribute(
    prefix: str,
    items: Sequence[Measurement],
    build: Callable[[list[Measurement]], tuple[Block, ...]],
) -> tuple[Section, ...]:
    """Return one section for each attribute, with what `build` makes of its measurements."""
    return tuple(
        Section(
            f"{prefix}-{attribute}",
            title_attribute(attribute),
            build([item for item in items if item.attribute == attribute]),
        )
        for attribute in list_attributes(items)
    )


def group_items(
    items: Iterable[Measurement], key: Callable[[Measurement], Key]
) -> dict[Key, list[Measurement]]:
    """Return the measurements by a key, both in their order."""
    found: dict[Key, list[Measurement]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def list_attributes(items: Iterable[Measurement]) -> list[str]:
    """Return the attributes of measurements: single ones first, each kind in report order."""
    names = dict.fromkeys(item.attribute for item in items if item.attribute is not None)
    return sorted(names, key=lambda name: name.count(INTERSECTION))


def list_parts(items: Iterable[Measurement]) -> list[Part | None]:
    """Return the parts of measurements in report order, the whole first."""
    names = dict.fromkeys(item.part for item in items)
    return sorted(names, key=lambda name: name is not None)


def title_attribute(attribute: str) -> str:
    """Return "By sex", or "By sex and race together" for an intersection."""
    parts = [plain_text(part) for part in attribute.split(INTERSECTION)]
    together = " together" if len(parts) > 1 else ""
    return f"By {list_words(parts)}{together}"


def choose_metrics(
    items: Iterable[Measurement], preferred: Sequence[str], limit: int
) -> tuple[list[str], list[str]]:
    """Return the metrics to show, well-known ones first, and those left to the report."""
    found = dict.fromkeys(item.metric for item in items)
    ranked = [name for name in preferred if name in found]
    ranked += [name for name in found if name not in preferred]
    return ranked[:limit], ranked[limit:]


def pivot(
    caption: str,
    corner: str,
    rows: Sequence[tuple[str, Sequence[Measurement]]],
    metrics: Sequence[str],
    *,
    form: Form = Form.INTERVAL,
    bars: str | None = None,
    origin: float = 0.0,
) -> Table:
    """Return a table with one row for each label and one column for each metric.

    Beyond `ROW_LIMIT` rows the table ends, and its caption says so.
    """
    body: list[tuple[Inline, ...]] = []
    for label, items in rows[:ROW_LIMIT]:
        by_metric = {item.metric: item for item in items}
        cells: list[Inline] = [Text(label)]
        cells += [
            make_number(by_metric[name], form) if name in by_metric else Text("not reported")
            for name in metrics
        ]
        body.append(tuple(cells))
    drawn = metrics.index(bars) + 1 if bars in metrics else None
    titles = tuple(describe(name).title for name in metrics)
    if len(rows) > ROW_LIMIT:
        caption += LEFT_OUT
    return Table(caption, (corner, *titles), tuple(body), drawn, origin)


def note_intervals(items: Sequence[Measurement]) -> str:
    """Return what stands in brackets, for a caption: "in brackets the 95% interval"."""
    levels = sorted(
        {
            item.estimate.confidence
            for item in items
            if item.estimate is not None and item.estimate.method != "exact"
        }
    )
    if not levels:
        return ""
    words = list_words([f"{level * 100:.3g}%" for level in levels])
    return f"in brackets the {words} interval"


def note_tests(items: Sequence[Measurement]) -> str:
    """Return how a table's p-values are adjusted, for a caption; "" where it has none."""
    tested = any(item.p_value is not None for item in items)
    return "p-values adjusted by Holm over each column" if tested else ""


def join_words(*parts: str) -> str:
    """Return the parts of a caption that there are, with semicolons."""
    return "; ".join(part for part in parts if part)


def note_left_out(metrics: Sequence[str]) -> list[Paragraph]:
    """Return a note that names the metrics that only the report holds, or nothing."""
    if not metrics:
        return []
    names = list_words([lower(describe(name).title) for name in metrics], limit=12)
    return [Paragraph((Text(f"Also in the report: {names}."),), note=True)]


def explain_absence(report: AuditReport, words: Sequence[str]) -> Paragraph | Bullets:
    """Return why a section has no numbers: the reasons of the checks that bear on it."""
    lines: list[Line] = [
        (Text(describe_check(outcome)),)
        for outcome in report.checks
        if outcome.status is not CheckStatus.MEASURED
        and any(word in f"{outcome.code} {outcome.title}".casefold() for word in words)
    ]
    if lines:
        return Bullets(tuple(lines))
    return Paragraph((Text("Not measured: no check of this audit looked at it."),))


def describe_check(check: CheckOutcome) -> str:
    """Return a check that gave no number, and why, as a sentence."""
    reason = plain_text(check.reason).rstrip(".")
    return f"{plain_text(check.title)} ({say_outcome(check.status)}): {reason}."


def say_outcome(status: CheckStatus) -> str:
    """Return a check's end in words."""
    return {
        CheckStatus.MEASURED: "measured",
        CheckStatus.NOT_APPLICABLE: "does not apply",
        CheckStatus.SKIPPED: "left out",
        CheckStatus.ERROR: "failed to run",
    }[status]


def size_of(items: Iterable[Measurement]) -> float:
    """Return the number of rows that a group has, 0 where it was not counted."""
    sizes = [item.value for item in items if item.metric == "count"]
    return sizes[0] or 0.0 if sizes else 0.0


def full(item: Measurement) -> Number:
    """Return a number with interval and size, for a sentence."""
    return make_number(item, Form.FULL)
