"""Findings as sentences: who, how much, compared to whom, how sure."""

from __future__ import annotations

from audits.core import sentences
from audits.core.measurement import Measurement
from audits.core.words import describe
from dashboard.catalogue import load_catalogue


def name_metric(metric: str) -> str:
    """Return a metric's title."""
    return describe(metric).title


def explain_metric(metric: str) -> str:
    """Return what a metric means, a sentence; "" where nobody wrote it down."""
    return describe(metric).meaning


def render_finding(item: Measurement) -> str:
    """Return a measurement as a sentence with its number and interval."""
    return sentences.render_finding(item, load_catalogue())
