"""A run told in the order of a review: who is worst off, where, why, what would change it, what
would help, and who signs. Every sentence is one that a page of its own says with more detail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from audits.core.format import plain_text
from audits.core.report.codes import INTERVENTIONS_CHECK, SLICES_CHECK
from audits.core.words.metrics import describe
from audits.findings import (
    count_judged,
    explain_finding,
    find_help,
    find_worst,
    list_leading,
    name_base,
    render_finding_sentence,
)
from dashboard.catalogue import say
from dashboard.viewmodels.card import card, review
from dashboard.viewmodels.counterfactuals import recourse
from dashboard.viewmodels.explanations import gap
from dashboard.viewmodels.fairness import fairness
from dashboard.viewmodels.overview.overview import find_check_reason, is_measured
from dashboard.viewmodels.performance import performance, slices
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import render_finding, say_about

EXPLAIN_GAP, RECOURSE = "explain.gap", "recourse.counterfactuals"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a review. page and params: where it is shown in full. note: "" for none."""

    page: str
    question: str
    answer: str
    note: str = ""
    params: dict[str, str] = field(default_factory=dict)


def build_story(run: RunData) -> list[Step]:
    """Return the steps in their order."""
    return [tell(run) for tell in _TELLERS.values()]


def describe_step(run: RunData, page: str) -> Step | None:
    """Return the step that a page shows in full, None for a page that is no step."""
    tell = _TELLERS.get(page)
    return None if tell is None else tell(run)


def _describe_who(run: RunData) -> Step:
    question, report = say("story.who"), run.report
    worst = find_worst(report)
    if worst is None or worst.attribute is None:
        return Step("fairness", question, *_describe_nobody(run))
    params = fairness.link_to(run, worst.attribute, report.by_id[worst.measurement].metric)
    note = say(f"story.status.{worst.status.value}", rule=plain_text(worst.title))
    return Step("fairness", question, f"{render_finding_sentence(report, worst)}.", note, params)


def _describe_nobody(run: RunData) -> tuple[str, str]:
    """Return the answer, and a note, where no group fails a rule or is warned of."""
    open_ones = [item for item in list_leading(run.report) if item.groups]
    note = f"{render_finding_sentence(run.report, open_ones[0])}." if open_ones else ""
    if not count_judged(run.report):
        return say("story.unjudged"), note
    return say("story.nobody"), note


def _describe_where(run: RunData) -> Step:
    question = say_about(run, "story.where")
    if not performance.has_truth(run):
        return Step("performance", question, say_about(run, "story.where_no_truth"))
    told = slices.describe_errors(run)
    if told:
        return Step("performance", question, told[0], told[1] if told[1:] else "")
    if not is_measured(run, SLICES_CHECK):
        return Step("performance", question, _explain_absence(run, SLICES_CHECK))
    return Step("performance", question, say("story.where_nowhere"))


def _describe_why(run: RunData) -> Step:
    question, worst = say("story.why"), find_worst(run.report)
    if worst is None:
        return Step("explanations", question, say("story.why_nothing"))
    if not gap.list_gaps(run):
        return Step("explanations", question, _explain_absence(run, EXPLAIN_GAP))
    found = explain_finding(run.report, worst)
    if found is None:
        measure = describe(name_base(run.report.by_id[worst.measurement])).title
        return Step("explanations", question, say("story.why_other", measure=measure))
    note = "" if found.finding.id == worst.id else say("story.why_selection")
    pair = gap.Pair(found.gap.group or "", found.gap.reference_group or "")
    params = _link_to_gap(run, found.gap.attribute or "", pair)
    return Step("explanations", question, found.sentence or say("story.gap_unclear"), note, params)


def _link_to_gap(run: RunData, attribute: str, pair: gap.Pair) -> dict[str, str]:
    """Return the address parameters of a gap, without what the page would choose by itself."""
    attributes = gap.list_gaps(run)
    params = {
        "part": say("explanations.gap"), "gap-groups": attribute, "gap-group": pair.label,
    }  # fmt: skip
    usual = {
        "gap-groups": attributes[0],
        "gap-group": next(iter(gap.list_pairs(run, attribute)), ""),
    }
    return {key: text for key, text in params.items() if usual.get(key) != text}


def _describe_change(run: RunData) -> Step:
    question = say("story.change")
    if not recourse.has_answers(run):
        return Step("counterfactuals", question, _explain_absence(run, RECOURSE))
    found, moved = run.overall("recourse_share"), run.overall("recourse_changes")
    answer = _explain_absence(run, RECOURSE) if found is None else f"{render_finding(found)}."
    note = "" if moved is None or moved.estimate is None else f"{render_finding(moved)}."
    return Step("counterfactuals", question, answer, note)


def _describe_help(run: RunData) -> Step:
    question, found = say("story.help"), find_help(run.report)
    if found is None:
        return Step("interventions", question, _explain_absence(run, INTERVENTIONS_CHECK))
    answer, *more = found.sentences
    return Step("interventions", question, answer, " ".join(more))


def _describe_sign(run: RunData) -> Step:
    missing = card.list_incomplete(run)
    signed = [one.sentence for one in review.list_signatures(run) if not one.stale]
    if signed:
        return Step("card", say("story.sign"), signed[0])
    key = "story.sign_missing" if missing else "story.sign_ready"
    return Step(
        "card", say("story.sign"), say(key, n=len(missing), s="" if len(missing) == 1 else "s")
    )


def _explain_absence(run: RunData, code: str) -> str:
    reason = find_check_reason(run, code).rstrip(".")
    return say("story.absent", reason=reason) if reason else say("story.absent_unsaid")


_TELLERS: dict[str, Callable[[RunData], Step]] = {
    "fairness": _describe_who,
    "performance": _describe_where,
    "explanations": _describe_why,
    "counterfactuals": _describe_change,
    "interventions": _describe_help,
    "card": _describe_sign,
}
