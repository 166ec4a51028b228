"""What a policy did not judge: an audit that says nothing of groups must say so."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.report.verdict import Verdict
from audits.core.settings.spec import Task
from audits.policy.judging.judgeable import get_judgeable
from audits.policy.rule import Policy, Rule

DEFAULT_PRESETS: dict[Task, str] = {
    "binary": "four-fifths",
    "multiclass": "multiclass",
    "regression": "regression",
}
"""What judges an audit that declares no policy, by its task."""


def is_of_groups(rule: Rule) -> bool:
    """Whether a rule judges groups, not the whole data."""
    return rule.scope != "overall"


def has_group_rule(policy: Policy, task: Task) -> bool:
    """Whether a rule of a policy judges groups by a metric that a task has, other than by what
    only a search for recourse measures."""
    metrics = [get_judgeable(rule.metric) for rule in policy.rules if is_of_groups(rule)]
    return any(
        metric is not None and task in metric.tasks and not metric.name.startswith("recourse_")
        for metric in metrics
    )


def explain_unjudged(policy: Policy, task: Task, protected: Sequence[str]) -> str:
    """Return why no comparison of groups was judged, and what to do, without a full stop."""
    if not protected:
        return "no protected columns are declared ([data] protected names them)"
    if not has_group_rule(policy, task):
        return (
            f'the policy "{policy.name}" has no rule on groups for a {task} audit '
            f'(the preset "{DEFAULT_PRESETS[task]}" has)'
        )
    return (
        "no group had numbers that could be judged: too few rows, or differences that chance "
        "alone could explain"
    )


def list_idle_rules(policy: Policy, verdicts: Sequence[Verdict]) -> tuple[Rule, ...]:
    """Return the rules that met no number at all."""
    met = {verdict.rule for verdict in verdicts}
    return tuple(rule for rule in policy.rules if rule.name not in met)
