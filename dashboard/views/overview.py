"""Overview: the verdicts, worst first; the groups; what was audited."""

from __future__ import annotations

import streamlit as st

from dashboard.catalogue import say
from dashboard.components.page import choose, go_to, require_run
from dashboard.components.status import show_badges, show_verdict
from dashboard.components.text import show_pairs, show_table, show_text
from dashboard.viewmodels import overview
from dashboard.viewmodels.fairness import choose_grouping, link_to
from dashboard.viewmodels.run import RunData

FIRST = 8


def show_line(run: RunData, line: overview.VerdictLine, key: str) -> None:
    """Show a verdict with the way to its numbers."""
    with st.container(border=True, key=f"line-{key}"):
        show_verdict(line, key)
        if line.grouping and line.metric.startswith("recourse"):
            go_to("counterfactuals", say("overview.see_recourse"), key)
        elif line.grouping:
            params = link_to(run, line.grouping, line.metric)
            go_to("fairness", say("overview.see_groups"), key, **params)
        elif line.metric == "additivity_error":
            go_to("explanations", say("overview.see_explanations"), key)


def show_verdicts(run: RunData) -> None:
    """Show what needs a look, then, folded, the rest."""
    lines = overview.list_verdicts(run)
    needed = [line for line in lines if line.status in overview.OPEN]
    rest = [line for line in lines if line.status not in overview.OPEN]
    for position, line in enumerate(needed[:FIRST]):
        show_line(run, line, f"open-{position}")
    if needed[FIRST:]:
        with st.expander(say("overview.more_open", n=len(needed) - FIRST)):
            for position, line in enumerate(needed[FIRST:]):
                show_line(run, line, f"more-{position}")
    if rest:
        with st.expander(say("overview.more", n=len(rest))):
            for position, line in enumerate(rest):
                show_line(run, line, f"rest-{position}")


def show_groups(run: RunData) -> None:
    """Show how large the groups are."""
    st.header(say("overview.groups"), anchor=False)
    grouping = choose(say("overview.attribute"), run.groupings, "sizes", choose_grouping(run))
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
    run = require_run()
    show_text(overview.render_headline(run), "headline", "lead")
    counts = [
        (status, say(f"count.{status.value}", n=n))
        for status, n in overview.count_statuses(run).items()
    ]
    show_badges(counts)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(say("overview.verdicts"), anchor=False)
        show_verdicts(run)
    with right:
        show_groups(run)
        st.header(say("overview.audited"), anchor=False)
        show_pairs(overview.list_facts(run), "facts")
        unmeasured = overview.list_unmeasured(run)
        if unmeasured:
            st.header(say("overview.unmeasured"), anchor=False)
            for position, sentence in enumerate(unmeasured):
                show_text(sentence, f"unmeasured-{position}")


main()
