"""Findings: what people read, discuss and act on, made of a report's verdicts.

Cards, pages, reports and the command all take theirs from here, so that they tell one story.
"""

from audits.findings.accepted import list_accepted
from audits.findings.finding import Affected, Finding
from audits.findings.gate import (
    FAIL_ON,
    check_fail_on,
    compute_exit_code,
    count_asked,
    is_short,
    list_broken,
    read_policy_in_force,
)
from audits.findings.gather import (
    count_judged,
    find_worst,
    get_min_rows,
    list_findings,
    list_leading,
)
from audits.findings.help import Help, Remedy, find_help
from audits.findings.notes import (
    list_cautions,
    list_notes,
    list_notices,
    tell_idle,
    tell_waiver,
)
from audits.findings.numbers import find_adjusted
from audits.findings.sentences import (
    render_finding_sentence,
    render_headline,
    render_people,
    render_subject,
    render_sureness,
)
from audits.findings.tree import list_trees
from audits.findings.why import Explained, explain_finding, list_explained

__all__ = [
    "FAIL_ON",
    "Affected",
    "Explained",
    "Finding",
    "Help",
    "Remedy",
    "check_fail_on",
    "compute_exit_code",
    "count_asked",
    "count_judged",
    "explain_finding",
    "find_adjusted",
    "find_help",
    "find_worst",
    "get_min_rows",
    "is_short",
    "list_accepted",
    "list_broken",
    "list_cautions",
    "list_explained",
    "list_findings",
    "list_leading",
    "list_notes",
    "list_notices",
    "list_trees",
    "read_policy_in_force",
    "render_finding_sentence",
    "render_headline",
    "render_people",
    "render_subject",
    "render_sureness",
    "tell_idle",
    "tell_waiver",
]
