"""The metrics in plain words: titles and meanings, for every place where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from audits.core.format import lower
from audits.core.words.reader import read_tables, read_texts

_THEMES = ("data", "performance", "fairness", "interventions", "explanations", "recourse")


@dataclass(frozen=True, slots=True)
class Word:
    """A metric for readers. worse: which of two groups is the worse off, that with the "high" or
    with the "low" number. of: "attribute" for a gap over all groups of an attribute, else "group".
    """

    title: str
    meaning: str
    worse: Literal["high", "low"] = "low"
    of: Literal["group", "attribute"] = "group"


def _read_words(theme: str) -> dict[str, Word]:
    tables = read_tables("audits.core.words", f"en/{theme}.toml")
    return {name: Word(**fields) for name, fields in tables.items()}


METRICS: Mapping[str, Word] = {
    name: word for theme in _THEMES for name, word in _read_words(theme).items()
}
"""Metrics with well-known names; any other is shown under its own name in plain letters."""

SUMMARIES = frozenset(name for name, word in METRICS.items() if word.of == "attribute")
"""Gaps over all groups of an attribute, not of one group against its reference."""

GOALS: Mapping[str, Word] = _read_words("goals")
"""What an intervention may aim for."""

_COMPARISONS: Mapping[str, Word] = _read_words("comparisons")
"""Words for what compares a metric, by the end of its name."""

ATTRIBUTE_WARNING = read_texts("audits.core.words", "en/notes.toml")["interventions.by_group"]


def is_higher_worse(metric: str) -> bool:
    """Whether the group with the higher number is the worse off, of a metric or of its gap."""
    word = METRICS.get(base_metric(metric))
    return word is not None and word.worse == "high"


def base_metric(metric: str) -> str:
    """Return what a disparity compares: `selection_rate` of `selection_rate_ratio`."""
    if metric not in METRICS:
        for ending in _COMPARISONS:
            if metric.endswith(ending):
                return metric.removesuffix(ending)
    return metric


def describe(metric: str) -> Word:
    """Return a metric's title and meaning; "" is the meaning of a metric without a known one."""
    if metric in METRICS:
        return METRICS[metric]
    for ending, word in _COMPARISONS.items():
        if metric.endswith(ending):
            title = describe(metric.removesuffix(ending)).title
            named = {"title": title, "lower": lower(title)}
            return Word(word.title.format(**named), word.meaning.format(**named))
    return Word(metric.replace("_", " ").capitalize(), "")
