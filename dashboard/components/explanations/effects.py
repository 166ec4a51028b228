"""The parts of the explanations page on single columns and on rules."""

from __future__ import annotations

import streamlit as st

from audits.core.report.codes import ANCHORS_CHECK, EFFECTS_CHECK
from dashboard.catalogue import say
from dashboard.components.charts import show_chart_with_table
from dashboard.components.page import choose
from dashboard.components.text import show_text
from dashboard.viewmodels.explanations import anchors, effects
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData


def show_effects(run: RunData) -> str | None:
    """Show how the answer changes along one column; return the column, None where none has a
    curve."""
    features = effects.list_effect_features(run)
    if not features:
        reason = find_check_reason(run, EFFECTS_CHECK) or say("effects.not_run")
        show_text(say("effects.none", reason=reason), "no-effects")
        return None
    show_text(say("effects.intro"), "effects-intro")
    chosen = choose(
        say("effects.feature"), features, "feature", help_text=say("effects.feature_help")
    )
    feature = chosen or features[0]
    show_curve(run, feature)
    show_text(effects.describe_effects(run), "effects-method", "note")
    for position, sentence in enumerate(effects.list_without_effect(run)):
        show_text(sentence, f"without-{position}", "note")
    return feature


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
            key="curve", bind="query-params", help=say("effects.curve_help"),
        )  # fmt: skip
        kind = names.get(str(chosen), "dependence")
        means = f"{say(f'effects.{kind}_means')} {say('effects.rows_mean')}"
    chart, table = effects.make_effect_chart(run, feature, kind)
    show_chart_with_table(chart, table, "effect")
    show_text(means, "effect-means", "note")


def show_permutation(run: RunData) -> None:
    """Show what is lost without each column."""
    losses = effects.list_losses(run)
    if losses:
        st.header(say("effects.loss_header"), anchor=False)
    chosen = choose(say("effects.loss"), list(losses), "loss", help_text=say("effects.loss_help"))
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
        reason = find_check_reason(run, ANCHORS_CHECK) or say("anchors.not_run")
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
