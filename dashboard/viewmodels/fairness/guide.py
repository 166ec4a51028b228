"""Which fairness measure fits a use: three questions, one table, and what the choice gives up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from audits.core.format import plain_text
from audits.core.report.estimate import make_size
from audits.core.report.measurement import Measurement, is_significant
from dashboard.catalogue import say
from dashboard.viewmodels.fairness.fairness import find_reason
from dashboard.viewmodels.numbers import (
    find_result,
    render_detail,
    render_measurement,
    render_point,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

Outcome = Literal["fair", "unfair"]
Harm = Literal["refused", "accepted", "both"]
Law = Literal["rates", "none"]
DefinitionName = Literal[
    "demographic_parity", "equal_opportunity", "predictive_equality", "equalized_odds"
]

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "outcome": get_args(Outcome),
    "harm": get_args(Harm),
    "law": get_args(Law),
}
"""The questions, in order, and their answers; the words are under `guide` in the catalogue."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the reader said of the use. outcome: whether the recorded outcome can be trusted. harm:
    which mistake hurts people more. law: whether a rule compares how often groups are selected."""

    outcome: Outcome
    harm: Harm
    law: Law


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition of fairness. metric: what the page shows by group for it. rates: all rates that
    are to be alike. source: where it, and what it gives up, is from."""

    name: DefinitionName
    metric: str
    rates: tuple[str, ...]
    source: str


_TPR, _FPR = "true_positive_rate", "false_positive_rate"
DEFINITIONS: Mapping[DefinitionName, Definition] = {
    item.name: item
    for item in (
        Definition("demographic_parity", "selection_rate", ("selection_rate",),
                   "Barocas, Hardt and Narayanan 2023, Fairness and Machine Learning, ch. 3"),
        Definition("equal_opportunity", _TPR, (_TPR,), "Hardt, Price and Srebro 2016, NeurIPS"),
        Definition("predictive_equality", _FPR, (_FPR,), "Chouldechova 2017, Big Data 5:153"),
        Definition("equalized_odds", _TPR, (_TPR, _FPR),
                   "Kleinberg, Mullainathan and Raghavan 2016, ITCS 2017"),
    )
}  # fmt: skip

_BY_HARM: Mapping[Harm, DefinitionName] = {
    "refused": "equal_opportunity",
    "accepted": "predictive_equality",
    "both": "equalized_odds",
}


def choose_definitions(answers: Answers) -> tuple[DefinitionName, ...]:
    """Return the one or two definitions that fit, the first one first.

    Where the recorded outcome is not to be trusted, whatever compares with it repeats its
    unfairness: demographic parity alone. Else the mistake that does the harm decides; a rule of
    law that compares selection rates comes first, because it is to be met whatever else is.
    """
    if answers.outcome == "unfair":
        return ("demographic_parity",)
    fitting = _BY_HARM[answers.harm]
    return ("demographic_parity", fitting) if answers.law == "rates" else (fitting,)


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommended definition in words. metric: the measure's title for the chooser, "" where
    the run does not have it; then `missing` says why, and what to do."""

    name: DefinitionName
    title: str
    why: str
    gives_up: str
    source: str
    metric: str
    missing: str


def advise(run: RunData, grouping: str, answers: Answers) -> tuple[Advice, ...]:
    """Return what fits the use: every definition either can be shown by this run, or says why
    it cannot."""
    return tuple(_advise(run, grouping, answers, name) for name in choose_definitions(answers))


def _advise(run: RunData, grouping: str, answers: Answers, name: DefinitionName) -> Advice:
    definition = DEFINITIONS[name]
    known = any(item.estimate is not None for item in run.by_group(definition.metric, grouping))
    reason: str = "unfair" if answers.outcome == "unfair" else name
    if name == "demographic_parity" and answers.law == "rates":
        reason = "law" if answers.outcome == "fair" else "unfair_law"
    return Advice(
        name,
        say(f"guide.title.{name}"),
        say(f"guide.why.{reason}"),
        say(f"guide.gives_up.{name}"),
        definition.source,
        name_metric(definition.metric) if known else "",
        "" if known else _explain_absence(run, grouping, definition),
    )


def _explain_absence(run: RunData, grouping: str, definition: Definition) -> str:
    if run.task != "binary":
        return say("guide.not_binary")
    if definition.metric != "selection_rate" and not run.view(None).has_truth:
        return say("guide.no_truth")
    if not run.by_group(definition.metric, grouping):
        return say("guide.not_measured")
    reason = find_reason(run, definition.metric, grouping)
    return say("fairness.unavailable", reason=reason.rstrip("."))


def describe_disagreement(run: RunData, grouping: str) -> list[str]:
    """Return how the definitions judge the group that is selected least beside its reference, in
    this run's numbers; nothing where they were not compared."""
    worst = _find_worst(run.by_group("selection_rate_difference", grouping))
    if worst is None:
        return []
    tests = len(run.by_group("selection_rate_difference", grouping))
    sentences = [_tell(worst, "demographic_parity", tests)]
    for name in ("equal_opportunity", "predictive_equality"):
        item = _find(run, f"{DEFINITIONS[name].metric}_difference", worst)
        if item is not None:
            sentences.append(_tell(item, name, tests))
    base = _find(run, "prevalence_difference", worst)
    if base is not None and is_significant(base, tests):
        sentences.append(_describe_base(run, base))
    return sentences


def _find_worst(items: list[Measurement]) -> Measurement | None:
    """Return the difference that is most to a group's loss, of those shown by a test if any is."""
    known = [item for item in items if item.estimate is not None and item.group is not None]
    sure = [item for item in known if is_significant(item, len(known))]
    return min(sure or known, key=lambda item: item.value or 0.0, default=None)


def _find(run: RunData, metric: str, like: Measurement) -> Measurement | None:
    return next(
        (
            item
            for item in run.by_group(metric, like.attribute)
            if item.group == like.group and item.estimate is not None
        ),
        None,
    )


def _tell(item: Measurement, name: DefinitionName, tests: int) -> str:
    result = find_result(item)
    way = "even"
    if is_significant(item, tests):
        way = "behind" if (item.value or 0.0) < 0 else "ahead"
        result = make_size(result)
    return say(
        f"guide.says.{name}_{way}",
        group=plain_text(item.group or ""),
        reference=plain_text(item.reference_group or ""),
        size=render_point(result, item.unit),
        detail=render_detail(result, item.unit),
    )


def _describe_base(run: RunData, base: Measurement) -> str:
    own, other = (
        next((x for x in run.by_group("prevalence", base.attribute) if x.group == group), None)
        for group in (base.group, base.reference_group)
    )
    return say(
        "guide.says.base",
        group=plain_text(base.group or ""),
        reference=plain_text(base.reference_group or ""),
        own="" if own is None else render_measurement(own),
        other="" if other is None else render_measurement(other),
    )
