"""Findings: what people read, discuss and act on, made of a report's verdicts.

Cards, pages, reports and the command all take theirs from here, so that they tell one story.
"""

from audits.findings.finding import Affected, Finding
from audits.findings.gather import count_judged, find_worst, list_findings, list_leading
from audits.findings.sentences import (
    render_finding_sentence,
    render_headline,
    render_people,
    render_subject,
    render_sureness,
)

__all__ = [
    "Affected",
    "Finding",
    "count_judged",
    "find_worst",
    "list_findings",
    "list_leading",
    "render_finding_sentence",
    "render_headline",
    "render_people",
    "render_subject",
    "render_sureness",
]
