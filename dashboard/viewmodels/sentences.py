"""Findings as sentences: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.measurement import Measurement
from audits.cube.disparities import DISPARITIES
from audits.cube.metrics import METRICS
from dashboard.catalogue import has_words, say
from dashboard.viewmodels.numbers import render_measurement

_TITLES = {m.name: m.title for table in METRICS.values() for m in table}
_TITLES |= {d.name: d.title for d in DISPARITIES}
_MEANINGS = {m.name: m.meaning for table in METRICS.values() for m in table}
_MEANINGS |= {d.name: d.meaning for d in DISPARITIES}


def name_metric(metric: str) -> str:
    """Return a metric's title: the catalogue's, else the metric table's, else its plain name."""
    if has_words(f"metric.{metric}.title"):
        return say(f"metric.{metric}.title")
    if metric in _TITLES:
        return _TITLES[metric]
    for kind in ("difference", "ratio"):
        if metric.endswith(f"_{kind}"):
            return say(f"metric.{kind}", title=name_metric(metric.removesuffix(f"_{kind}")))
    return metric.replace("_", " ").capitalize()


def explain_metric(metric: str) -> str:
    """Return what a metric means in plain words, "" where nobody wrote it down."""
    if has_words(f"metric.{metric}.meaning"):
        return say(f"metric.{metric}.meaning")
    return _MEANINGS.get(metric, "")


def lower_title(title: str) -> str:
    """Return a title for the middle of a sentence; abbreviations keep their capitals."""
    first = title.split(" ", maxsplit=1)[0]
    return title if first.isupper() and len(first) > 1 else title[:1].lower() + title[1:]


def render_finding(item: Measurement) -> str:
    """Return a measurement as a sentence with its number and interval."""
    title = name_metric(item.metric)
    fields = {
        "title": title,
        "lower_title": lower_title(title),
        "attribute": plain_text(item.attribute or ""),
        "group": plain_text(item.group or ""),
        "reference": plain_text(item.reference_group or ""),
        "number": render_measurement(item),
    }
    if item.estimate is None:
        key = "finding.none_group" if item.group else "finding.none"
        return say(key, **fields)
    if item.group and item.reference_group:
        own = f"finding.{item.metric}"
        general = "finding.ratio" if item.unit == "ratio" else "finding.difference"
        return say(own if has_words(own) else general, **fields)
    own = f"finding.{item.metric}_{'group' if item.group else 'overall'}"
    general = "finding.group" if item.group else "finding.overall"
    return say(own if has_words(own) else general, **fields)
