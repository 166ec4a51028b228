"""A run told in the order of a review: who is worst off, where, why, what would change it, what
would help, and who signs. Every sentence is one that a page of its own says with more detail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from audits.checks.interventions import CODE as INTERVENTIONS
from audits.checks.interventions import name_slice
from audits.core.format import format_value, plain_text
from audits.core.measurement import Measurement
from audits.core.verdict import Verdict
from audits.core.words import SLICES_CHECK
from dashboard.catalogue import say
from dashboard.viewmodels import card, fairness, gap, performance, recourse, review, slices
from dashboard.viewmodels.numbers import find_result, render_point, render_range
from dashboard.viewmodels.overview import OPEN, find_check_reason, is_measured
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import render_finding, say_about

EXPLAIN_GAP, RECOURSE = "explain.gap", "recourse.counterfactuals"
GOALS = {"equal_opportunity_difference": "equal_opportunity",
         "equalized_odds_difference": "equalized_odds"}  # fmt: skip
"""What an intervention should aim at for a finding; demographic parity for all others."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a review. page and params: where it is shown in full. note: "" for none."""

    page: str
    question: str
    answer: str
    note: str = ""
    params: dict[str, str] = field(default_factory=dict)


def tell_story(run: RunData) -> list[Step]:
    """Return the steps in their order."""
    return [tell(run) for tell in _TELLERS.values()]


def tell_step(run: RunData, page: str) -> Step | None:
    """Return the step that a page shows in full, None for a page that is no step."""
    tell = _TELLERS.get(page)
    return None if tell is None else tell(run)


def find_worst_finding(run: RunData) -> Measurement | None:
    """Return what the worst verdict on a group of a single attribute is about; None where no
    verdict asks for a look. The report has its verdicts worst first."""
    open_ones = [verdict for verdict in run.report.verdicts if verdict.status in OPEN]
    items = (_find_item(run, verdict) for verdict in open_ones)
    return next((item for item in items if item.attribute in run.attributes), None)


def _find_item(run: RunData, verdict: Verdict) -> Measurement:
    return run.report.by_id[verdict.measurement]


def _tell_who(run: RunData) -> Step:
    question, worst = say("story.who"), find_worst_finding(run)
    if worst is None or worst.attribute is None:
        key = "story.nobody" if run.attributes and run.report.verdicts else "story.no_groups"
        return Step("fairness", question, say(key))
    params = fairness.link_to(run, worst.attribute, worst.metric)
    statuses = {v.measurement: v.status for v in run.report.verdicts}
    note = say(f"story.status.{statuses[worst.id].value}")
    return Step("fairness", question, _render_worst(run, worst), note, params)


def _render_worst(run: RunData, worst: Measurement) -> str:
    """Return the finding with both rates where it is about selection, else as its page has it."""
    rates = {item.group: item for item in run.by_group("selection_rate", worst.attribute)}
    own, other = rates.get(worst.group), rates.get(worst.reference_group)
    if worst.metric != "impact_ratio" or own is None or other is None:
        return f"{render_finding(worst)}."
    return say(
        "story.selected",
        group=plain_text(worst.group or ""),
        attribute=plain_text(worst.attribute or ""),
        rate=render_point(find_result(own), "share"),
        range=render_range(find_result(own), "share"),
        reference=plain_text(worst.reference_group or ""),
        other=render_point(find_result(other), "share"),
    )


def _tell_where(run: RunData) -> Step:
    question = say_about(run, "story.where")
    if not performance.has_truth(run):
        return Step("performance", question, say_about(run, "story.where_no_truth"))
    told = slices.tell_errors(run)
    if told:
        return Step("performance", question, told[0], told[1] if told[1:] else "")
    if not is_measured(run, SLICES_CHECK):
        return Step("performance", question, _explain_absence(run, SLICES_CHECK))
    return Step("performance", question, say("story.where_nowhere"))


def _tell_why(run: RunData) -> Step:
    question, part = say("story.why"), say("explanations.gap")
    worst = find_worst_finding(run)
    attributes = gap.list_gaps(run)
    if not attributes:
        return Step("explanations", question, _explain_absence(run, EXPLAIN_GAP))
    attribute = attributes[0]
    if worst is not None and worst.attribute in attributes:
        attribute = worst.attribute
    groups = gap.list_groups(run, attribute)
    group = worst.group if worst is not None and worst.group in groups else groups[0]
    params = {"part": part, "gap-groups": attribute, "gap-group": group or ""}
    usual = {"gap-groups": attributes[0], "gap-group": groups[0]}
    kept = {key: text for key, text in params.items() if usual.get(key) != text}
    sentence = gap.render_sentence(run, attribute, group or "")
    return Step("explanations", question, sentence or say("story.gap_unclear"), "", kept)


def _tell_change(run: RunData) -> Step:
    question = say("story.change")
    if not recourse.has_answers(run):
        return Step("counterfactuals", question, _explain_absence(run, RECOURSE))
    found, moved = run.overall("recourse_share"), run.overall("recourse_changes")
    answer = _explain_absence(run, RECOURSE) if found is None else f"{render_finding(found)}."
    note = "" if moved is None or moved.estimate is None else f"{render_finding(moved)}."
    return Step("counterfactuals", question, answer, note)


def _tell_help(run: RunData) -> Step:
    question, worst = say("story.help"), find_worst_finding(run)
    attribute = worst.attribute if worst is not None else fairness.choose_grouping(run)
    goal = GOALS.get(worst.metric, "demographic_parity") if worst else "demographic_parity"
    answers = [
        text
        for by_group in (False, True)
        if (text := _render_plan(run, attribute or "", goal, by_group=by_group))
    ]
    if not answers:
        return Step("interventions", question, _explain_absence(run, INTERVENTIONS))
    return Step("interventions", question, answers[0], answers[1] if answers[1:] else "")


def _render_plan(run: RunData, attribute: str, goal: str, *, by_group: bool) -> str:
    """Return what the measured thresholds do to a gap and to accuracy, "" where not measured."""
    wanted = name_slice(goal, attribute, by_group=by_group)

    def find(metric: str) -> Measurement | None:
        items = run.by_group(metric, attribute)
        return next((x for x in items if x.slice == wanted and x.estimate is not None), None)

    before, after, change = find("gap_before"), find("gap_after"), find("accuracy_change")
    if before is None or after is None or change is None:
        return ""
    moved = change.value or 0.0
    shrinks = (after.value or 0.0) < (before.value or 0.0)
    key = "groups" if by_group else "one"
    return say(
        f"story.help_{key}" if shrinks else f"story.no_help_{key}",
        attribute=plain_text(attribute),
        before=format_value(before.value or 0.0, "points").removesuffix(" points"),
        after=format_value(after.value or 0.0, "points"),
        range=render_range(find_result(after), "points"),
        accuracy=say(
            "story.costs" if moved < 0 else "story.gains", value=format_value(abs(moved), "points")
        ),
    )


def _tell_sign(run: RunData) -> Step:
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
    "fairness": _tell_who,
    "performance": _tell_where,
    "explanations": _tell_why,
    "counterfactuals": _tell_change,
    "interventions": _tell_help,
    "card": _tell_sign,
}
