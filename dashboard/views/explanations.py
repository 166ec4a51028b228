"""Explanations: what moves the model overall, by group and for one row."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.beyond import show_about_all, show_errors, show_group_importance
from dashboard.components.charts import show_chart, show_chart_with_table
from dashboard.components.explanations.effects import show_effects, show_permutation, show_rules
from dashboard.components.explanations.explained import show_agreement, show_dependence
from dashboard.components.explanations.trust import show_trust
from dashboard.components.opening import ask
from dashboard.components.page import choose, choose_groups, require_run
from dashboard.components.text import show_text
from dashboard.state import find_rows
from dashboard.viewmodels.cohorts.rows import Absent, RowSource
from dashboard.viewmodels.counterfactuals import reasons
from dashboard.viewmodels.explanations import (
    anchors,
    effects,
    explanations,
    gap,
    interactions,
    trust,
)
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import say_about

NARROWED = ("global", "row")
"""The parts that follow the chosen rows; the others are about all of them."""


def show_global(run: RunData, source: RowSource | None) -> None:
    """Show what moves the model over the rows that are looked at."""
    if not explanations.list_importance(run):
        show_text(say("explanations.too_few"), "too-few")
        return
    table = explanations.tabulate_importance(run)
    show_chart_with_table(explanations.make_importance_chart(run), table, "importance")
    show_chart(explanations.make_spread_chart(run, source), "spread")
    if interactions.list_pairs(run):
        show_chart(interactions.make_pairs_chart(run), "pairs")


def show_gap(run: RunData) -> None:
    """Show which columns make the gap between two groups."""
    attribute = choose_groups(gap.list_gaps(run), "gap-groups")
    if attribute is None:
        show_text(say("gap.none", reason=find_check_reason(run, "explain.gap")), "no-gap")
        return
    pairs = gap.list_pairs(run, attribute)
    chosen = choose(say("gap.group"), list(pairs), "gap-group", help_text=say("gap.group_help"))
    if chosen is None:
        return
    pair = pairs[chosen]
    show_text(gap.render_sentence(run, attribute, pair), "gap-finding", "lead")
    show_chart_with_table(
        gap.make_gap_chart(run, attribute, pair), gap.tabulate_gap(run, attribute, pair), "gap"
    )
    show_text(say("gap.meaning"), "gap-meaning", "note")


def show_row(run: RunData, source: RowSource | None, evidence: str) -> None:
    """Show one row's output as the sum of its parts."""
    ids = explanations.list_ids(run, evidence)
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
    told = reasons.list_reasons(run, str(row))
    if told:
        show_text(say("reasons.title"), "reasons-title", "lead")
        for place, line in enumerate(told):
            show_text(line, f"reason-{place}")
        show_text(say("reasons.meaning"), "reasons-meaning", "note")


def show_attributions(run: RunData, part: str, evidence: str) -> None:
    """Show one of the parts that rest on attributions."""
    if part not in ("gap", "errors"):
        show_trust(trust.make_panel(run.whole, evidence))
        if run.cohort is not None:
            show_text(say("cohorts.trust_of_all"), "trust-of-all", "note")
    found = ask(run, find_rows)
    source = None if isinstance(found, Absent) else found
    if part == "groups":
        show_group_importance(run)
    elif part == "gap":
        show_gap(run)
    elif part == "errors":
        show_errors(run)
    elif part == "row":
        show_row(run, source, evidence)
    else:
        show_global(run, source)
        show_agreement(run.whole, evidence)
    if isinstance(found, Absent):
        show_text(say("explanations.values_missing", reason=found.reason), "no-values", "note")
    show_text(explanations.describe_method(run.whole), "method", "note")
    show_text(say("explanations.not_causal"), "not-causal", "note")


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(say_about(run, "explanations.intro"), "intro", "lead")
    evidence = explanations.find_evidence(run)
    reason = find_check_reason(run.whole, "explain.attributions") or say(
        "explanations.none_checked"
    )
    if evidence is None and not effects.list_effect_features(run) and not anchors.load_rules(run):
        show_text(say("explanations.none", reason=reason), "none")
        return
    names = ("global", "groups", "gap", "errors", "row", "effects", "rules")
    parts = {say(f"explanations.{name}"): name for name in names}
    chosen = st.segmented_control(
        say("nav.explanations"), list(parts), default=next(iter(parts)), required=True,
        key="part", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    part = parts.get(str(chosen), "global")
    if part not in NARROWED:
        run = run.whole
        show_about_all("explanations")
    if part == "effects":
        show_dependence(run, show_effects(run))
        show_permutation(run)
    elif part == "rules":
        show_rules(run)
    elif evidence is None:
        show_text(say("explanations.none", reason=reason), "none")
    else:
        show_attributions(run, part, evidence)


main()
