"""Measurements as sentences: who, how much, compared to whom, how sure.

The dashboard and the offline report say it in the same words, which are in `sentences.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from audits.core.format import (
    format_count,
    format_interval,
    format_reason,
    format_value,
    plain_text,
)
from audits.core.report.estimate import Estimate, Unavailable, make_size
from audits.core.report.measurement import Measurement, Unit
from audits.core.words.words import base_metric, describe, is_higher_worse, lower


@cache
def load_sentences() -> Mapping[str, str]:
    """Return the sentences by dotted key ("finding.ratio")."""
    text = (resources.files("audits.findings.stories") / "sentences.toml").read_text(
        encoding="utf-8"
    )
    tables = tomllib.loads(text)
    return {f"{name}.{key}": said for name, table in tables.items() for key, said in table.items()}


def render_finding(item: Measurement, words: Mapping[str, str] | None = None) -> str:
    """Return a measurement as a sentence with its number and interval, without a full stop.

    words: sentences by dotted key, where they are not `load_sentences()`.
    """
    said = load_sentences() if words is None else words
    compared = item.group is not None and item.reference_group is not None
    title = describe(base_metric(item.metric) if compared else item.metric).title
    result = find_result(item)
    if item.metric.endswith("_gap"):
        result = make_size(result)  # its words say which way it goes
    detail = render_detail(result, item.unit)
    fields = {
        "title": title,
        "lower": lower(title),
        "attribute": plain_text(item.attribute or ""),
        "group": plain_text(item.group or ""),
        "column": plain_text(item.part_name),
        "reference": plain_text(item.reference_group or ""),
        "number": render_result(result, item.unit),
        "value": render_point(result, item.unit),
        "detail": f" ({detail})" if detail else "",
    }
    return said[_choose_words(item, said, compared=compared)].format(**fields)


def _choose_words(item: Measurement, said: Mapping[str, str], *, compared: bool) -> str:
    if item.estimate is None:
        return "finding.none_group" if item.group else "finding.none"
    if compared:
        own = f"finding.{item.metric}"
        general = "finding.ratio" if item.unit == "ratio" else "finding.difference"
        if item.metric.endswith("_gap"):  # by how much the group is worse off
            better_off = item.estimate.value < 0
            way = "higher" if is_higher_worse(item.metric) is not better_off else "lower"
            general = f"finding.gap_{way}"
    else:
        own = f"finding.{item.metric}_{'group' if item.group else 'overall'}"
        general = "finding.group" if item.group else "finding.overall"
    return own if own in said else general


def find_result(item: Measurement) -> Estimate | Unavailable:
    """Return what a measurement holds."""
    if item.estimate is not None:
        return item.estimate
    assert item.unavailable is not None  # the type has exactly one of the two
    return item.unavailable


def render_result(result: Estimate | Unavailable, unit: Unit) -> str:
    """Return an estimate with its interval and rows, or why there is none."""
    if isinstance(result, Unavailable):
        return format_reason(result)
    value, detail = format_value(result.value, unit), render_detail(result, unit)
    return f"{value} ({detail})" if detail else value


def render_detail(result: Estimate | Unavailable, unit: Unit) -> str:
    """Return "95% interval 34.1% to 38.3%, n = 5,421", "" for an exact fact or no number."""
    if isinstance(result, Unavailable) or not format_interval(result, unit):
        return ""
    return load_sentences()["number.detail"].format(
        interval=format_interval(result, unit), n=format_count(result.n)
    )


def render_point(result: Estimate | Unavailable, unit: Unit) -> str:
    """Return the value alone, or a dash where there is none."""
    if isinstance(result, Unavailable):
        return load_sentences()["number.none"]
    return format_value(result.value, unit)
