"""Explanations: what moves the model overall, by group and for one row."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.charts import show_chart, show_chart_with_table
from dashboard.components.page import choose, require_run
from dashboard.components.text import show_text
from dashboard.state import find_rows
from dashboard.viewmodels import anchors, effects, explanations
from dashboard.viewmodels.fairness import choose_grouping
from dashboard.viewmodels.rows import Absent, RowSource, list_row_ids
from dashboard.viewmodels.run import RunData


def show_global(run: RunData, source: RowSource | None) -> None:
    """Show what moves the model over all rows."""
    table = explanations.tabulate_importance(run)
    show_chart_with_table(explanations.make_importance_chart(run), table, "importance")
    show_chart(explanations.make_spread_chart(run, source), "spread")


def show_groups(run: RunData) -> None:
    """Show what moves the model for each group."""
    attribute = choose(
        say("explanations.attribute"), run.attributes, "groups", choose_grouping(run)
    )
    if attribute is None:
        show_text(say("fairness.no_groups"), "no-groups")
        return
    chart, table = explanations.make_group_chart(run, attribute)
    show_chart_with_table(chart, table, "by-group")


def show_row(run: RunData, source: RowSource | None, evidence: str) -> None:
    """Show one row's output as the sum of its parts."""
    ids = list_row_ids(run, evidence)
    row = st.selectbox(
        say("explanations.choose_row"), ids, key="row", bind="query-params",
        accept_new_options=True, help=say("explanations.choose_row_help"),
    )  # fmt: skip
    if row is None:
        return
    chart = explanations.make_row_chart(run, str(row), source)
    if chart is None:
        show_text(say("explanations.row_missing", row=str(row)), "missing")
        return
    facts = explanations.render_row_facts(run, str(row))
    if facts:
        show_text(facts, "row-facts")
    show_chart(chart, "row")


def show_effects(run: RunData) -> None:
    """Show how the answer changes along one column, and what is lost without each."""
    features = effects.list_effect_features(run)
    if not features:
        reason = effects.find_effects_reason(run) or say("effects.not_run")
        show_text(say("effects.none", reason=reason), "no-effects")
    else:
        show_text(say("effects.intro"), "effects-intro")
        feature = choose(say("effects.feature"), features, "feature") or features[0]
        show_curve(run, feature)
        show_text(effects.describe_effects(run), "effects-method", "note")
        for position, sentence in enumerate(effects.list_without_effect(run)):
            show_text(sentence, f"without-{position}", "note")
    show_permutation(run)


def show_curve(run: RunData, feature: str) -> None:
    """Show one column's curve and say which of the two it is."""
    kind: effects.CurveKind = "dependence"
    means = say("effects.category_means")
    if effects.has_accumulated(effects.load_points(run, feature)):
        names: dict[str, effects.CurveKind] = {
            say("effects.dependence"): "dependence",
            say("effects.accumulated"): "accumulated",
        }
        chosen = st.segmented_control(
            say("effects.curve"), list(names), default=next(iter(names)), required=True,
            key="curve", bind="query-params",
        )  # fmt: skip
        kind = names.get(str(chosen), "dependence")
        means = f"{say(f'effects.{kind}_means')} {say('effects.rows_mean')}"
    chart, table = effects.make_effect_chart(run, feature, kind)
    show_chart_with_table(chart, table, "effect")
    show_text(means, "effect-means", "note")


def show_permutation(run: RunData) -> None:
    """Show what is lost without each column."""
    losses = effects.list_losses(run)
    chosen = choose(say("effects.loss"), list(losses), "loss")
    if chosen is None:
        return
    found = effects.make_permutation_chart(run, losses[chosen])
    if found is not None:
        show_chart_with_table(*found, "permutation")
        show_text(say("effects.permutation_means"), "permutation-means", "note")


def show_rules(run: RunData) -> None:
    """Show rules for single rows, as sentences with what was counted."""
    rules = anchors.load_rules(run)
    if not rules:
        reason = anchors.find_rules_reason(run) or say("anchors.not_run")
        show_text(say("anchors.none_searched", reason=reason), "no-rules")
        return
    show_text(say("anchors.intro"), "rules-intro")
    for position, rule in enumerate(rules):
        with st.container(border=True, key=f"rule-{position}"):
            show_text(rule.row, f"rule-row-{position}", "label")
            show_text(rule.rule, f"rule-{position}", "finding")
            if rule.note:
                show_text(rule.note, f"rule-note-{position}")
            if rule.counted:
                show_text(rule.counted, f"rule-counted-{position}", "note")
    show_text(say("anchors.missing"), "rules-missing", "note")
    show_text(anchors.describe_rules(run), "rules-method", "note")


def show_attributions(run: RunData, part: str, evidence: str) -> None:
    """Show one of the parts that rest on attributions."""
    found = find_rows(run)
    source = None if isinstance(found, Absent) else found
    if part == "groups":
        show_groups(run)
    elif part == "row":
        show_row(run, source, evidence)
    else:
        show_global(run, source)
    if isinstance(found, Absent):
        show_text(say("explanations.values_missing", reason=found.reason), "no-values", "note")
    show_text(explanations.describe_method(run), "method", "note")
    show_text(say("explanations.not_causal"), "not-causal", "note")


def main() -> None:
    """Show the page."""
    run = require_run()
    show_text(say("explanations.intro"), "intro", "lead")
    evidence = explanations.find_evidence(run)
    if evidence is None and not effects.list_effect_features(run) and not anchors.load_rules(run):
        reason = explanations.find_absence(run) or say("explanations.none_checked")
        show_text(say("explanations.none", reason=reason), "none")
        return
    parts = {say(f"explanations.{name}"): name
             for name in ("global", "groups", "row", "effects", "rules")}  # fmt: skip
    chosen = st.segmented_control(
        say("nav.explanations"), list(parts), default=next(iter(parts)), required=True,
        key="part", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    part = parts.get(str(chosen), "global")
    if part == "effects":
        show_effects(run)
    elif part == "rules":
        show_rules(run)
    elif evidence is None:
        reason = explanations.find_absence(run) or say("explanations.none_checked")
        show_text(say("explanations.none", reason=reason), "none")
    else:
        show_attributions(run, part, evidence)


main()
