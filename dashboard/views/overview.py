"""Overview: the verdicts, worst first; the groups; what was audited."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.export import show_export
from dashboard.components.page import choose_groups, go_to, require_run
from dashboard.components.status import show_badges, show_verdict
from dashboard.components.text import show_pairs, show_table, show_text
from dashboard.viewmodels.fairness.fairness import choose_grouping, link_to
from dashboard.viewmodels.overview import overview, story
from dashboard.viewmodels.run import RunData

STEPS_A_LINE = 3
DATA_METRICS = ("strongest_column_auc", "reference_overlap_excess", "identifier_columns")


def show_story(run: RunData) -> None:
    """Show the review in short: each question, its answer, and the way to its page."""
    steps = story.build_story(run)
    for start in range(0, len(steps), STEPS_A_LINE):
        columns = st.columns(STEPS_A_LINE, gap="small")
        for column, step in zip(columns, steps[start : start + STEPS_A_LINE], strict=False):
            with column, st.container(border=True, height="stretch", key=f"step-{step.page}"):
                show_step(step)


def show_step(step: story.Step) -> None:
    """Show one step of the review."""
    show_text(step.question, f"step-{step.page}", "label")
    show_text(step.answer, f"step-{step.page}", "finding")
    if step.note:
        show_text(step.note, f"step-{step.page}", "note")
    st.space("stretch")
    go_to(step.page, say(f"story.go_{step.page}"), f"step-{step.page}", **step.params)


def show_way(run: RunData, line: overview.FindingLine, key: str) -> None:
    """Show the way from a finding to its numbers."""
    if line.grouping and line.metric.startswith("recourse"):
        go_to("counterfactuals", say("overview.see_recourse"), key, groups=line.grouping)
    elif line.grouping:
        params = link_to(run, line.grouping, line.metric)
        go_to("fairness", say("overview.see_groups"), key, **params)
    elif line.metric in DATA_METRICS:
        go_to("data", say("overview.see_data"), key)
    elif line.metric == "additivity_error":
        go_to("explanations", say("overview.see_explanations"), key)


def show_findings(run: RunData) -> None:
    """Show the findings; those that a finding explains are folded under it, and so is what is in
    order."""
    for position, line in enumerate(overview.list_findings(run)):
        with st.container(border=True, key=f"line-{position}"):
            show_verdict(line, str(position))
            show_way(run, line, str(position))
            if line.under:
                n = len(line.under)
                with st.expander(say("overview.under", n=n), type="compact"):
                    table = overview.tabulate_lines(line.under)
                    show_table(table, f"under-{position}", line.rule)
    met = overview.list_met(run)
    if met:
        n = sum(len(rule.lines) for rule in met)
        with st.expander(say("overview.met", n=n)):
            for position, rule in enumerate(met):
                show_text(rule.rule, f"met-{position}", "label")
                show_table(overview.tabulate_lines(rule.lines), f"met-{position}", rule.rule)


def show_groups(run: RunData) -> None:
    """Show how large the groups are."""
    st.header(say("overview.groups"), anchor=False)
    grouping = choose_groups(run.groupings, "sizes", choose_grouping(run))
    if grouping is None:
        show_text(say("overview.no_protected"), "no-groups")
        return
    show_text(say("overview.groups_note"), "groups", "note")
    table = overview.tabulate_groups(run, grouping)
    if table.empty:
        show_text(say("overview.group_missing"), "no-sizes")
    else:
        show_table(table, "groups", say("overview.groups"))


def main() -> None:
    """Show the page."""
    run = require_run(cohorts=True)
    show_text(overview.render_headline(run), "headline", "lead")
    for position, note in enumerate(overview.list_cautions(run)):
        show_text(note, f"caution-{position}", "finding")
    counts = [
        (status, say(f"count.{status.value}", n=n))
        for status, n in overview.count_statuses(run).items()
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        show_badges(counts)
        show_export(run)
    if notices := overview.list_notices(run):
        with st.expander(say("overview.notices", n=len(notices))):
            for position, note in enumerate(notices):
                show_text(note, f"notice-{position}")
    st.header(say("overview.story"), anchor=False)
    show_story(run)
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.header(say("overview.verdicts"), anchor=False)
        show_findings(run)
    with right:
        show_groups(run)
        st.header(say("overview.audited"), anchor=False)
        show_pairs(overview.list_facts(run), "facts")
        unmeasured = overview.list_unmeasured(run)
        if unmeasured:
            with st.expander(say("overview.unmeasured", n=len(unmeasured))):
                for position, sentence in enumerate(unmeasured):
                    show_text(sentence, f"unmeasured-{position}")


main()
