"""Findings as sentences: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.measurement import COLUMN, Measurement
from audits.core.words import base_metric, describe, lower
from dashboard.catalogue import has_words, say
from dashboard.viewmodels.numbers import (
    find_result,
    render_detail,
    render_measurement,
    render_point,
)


def name_metric(metric: str) -> str:
    """Return a metric's title."""
    return describe(metric).title


def explain_metric(metric: str) -> str:
    """Return what a metric means, a sentence; "" where nobody wrote it down."""
    return describe(metric).meaning


def render_finding(item: Measurement) -> str:
    """Return a measurement as a sentence with its number and interval."""
    compared = item.group is not None and item.reference_group is not None
    title = name_metric(base_metric(item.metric) if compared else item.metric)
    result = find_result(item)
    detail = render_detail(result, item.unit)
    fields = {
        "title": title,
        "lower": lower(title),
        "attribute": plain_text(item.attribute or ""),
        "group": plain_text(item.group or ""),
        "column": plain_text((item.slice or "").removeprefix(COLUMN)),
        "reference": plain_text(item.reference_group or ""),
        "number": render_measurement(item),
        "value": render_point(result, item.unit),
        "detail": f" ({detail})" if detail else "",
    }
    if item.estimate is None:
        key = "finding.none_group" if item.group else "finding.none"
        return say(key, **fields)
    if compared:
        own = f"finding.{item.metric}"
        general = "finding.ratio" if item.unit == "ratio" else "finding.difference"
        return say(own if has_words(own) else general, **fields)
    own = f"finding.{item.metric}_{'group' if item.group else 'overall'}"
    general = "finding.group" if item.group else "finding.overall"
    return say(own if has_words(own) else general, **fields)
