"""Findings as sentences: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core.report.measurement import Measurement
from audits.core.words.metrics import describe
from audits.findings import render_finding as render_in
from dashboard.catalogue import has_words, load_catalogue, say
from dashboard.viewmodels.run import RunData


def name_metric(metric: str) -> str:
    """Return a metric's title."""
    return describe(metric).title


def explain_metric(metric: str) -> str:
    """Return what a metric means, a sentence; "" where nobody wrote it down."""
    return describe(metric).meaning


def render_finding(item: Measurement) -> str:
    """Return a measurement as a sentence with its number and interval."""
    return render_in(item, load_catalogue())


def say_about(run: RunData, key: str, /, **fields: object) -> str:
    """Return a sentence in the words for what was audited: decisions without a model have words of
    their own ("<key>_decisions") where the usual ones speak of a model."""
    own = f"{key}_decisions"
    return say(key if run.has_model or not has_words(own) else own, **fields)
