"""Compare: what changed from an earlier run to the chosen one, and is it more than noise."""

from __future__ import annotations

import streamlit as st

from audits.core.format import plain_text
from audits.store import list_bundles
from dashboard.catalogue import say
from dashboard.components.charts import show_chart
from dashboard.components.page import require_run, show_empty
from dashboard.components.status import show_badge
from dashboard.components.text import escape_markdown, show_table, show_text
from dashboard.state import chosen_run, find_comparison, find_run, open_run, runs_root
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.compare import compare
from dashboard.viewmodels.compare.compare import ComparePage, Listed, Turn
from dashboard.viewmodels.run import RunData

BEFORE = "before"
OPEN_TOPICS = 3
"""Files and settings are seen at once; rules, versions and checks are folded away."""


def choose_before(run: RunData) -> RunData | None:
    """Let the reader choose the earlier run; say so where there is none, or none is chosen."""
    summaries, folder = list_bundles(runs_root()), chosen_run() or ""
    options = compare.list_candidates(summaries, run, folder)
    asked = st.query_params.get(BEFORE)
    if asked is not None and asked not in options:
        show_text(say("compare.not_here", name=plain_text(asked)), "not-here", "note")
    if not options:
        show_empty(say("compare.none_title"), say("compare.none"), "nothing")
        return None
    default = compare.find_default(summaries, run, folder)
    index = None if default is None else options.index(default)
    chosen = st.selectbox(
        escape_markdown(say("compare.before")), options, index=index, key=BEFORE,
        bind="query-params",
    )  # fmt: skip
    found = None if chosen is None else find_run(chosen)
    if found is None:
        show_empty(say("compare.choose_title"), say("compare.choose"), "choose")
        return None
    before = open_run(found)
    if isinstance(before, Absent):
        show_empty(say("problem.title"), say("problem.run", reason=before.reason), "before")
        return None
    return before


def choose_least(run: RunData) -> float:
    """Let the reader choose how large a change must be to count."""
    return st.selectbox(
        escape_markdown(say("compare.least")),
        compare.MIN_CHANGES,
        format_func=lambda least: compare.name_least(least, run.task),
        key="least",
    )


def show_turn(turn: Turn, key: str) -> None:
    """Show one verdict that turned: both statuses as icon and word, what it is about, and why."""
    with st.container(border=True, key=f"turn-{key}", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            for side, status in (("before", turn.before), ("after", turn.after)):
                if side == "after":
                    with st.container(width="content"):
                        show_text("→", f"arrow-{key}")
                show_badge(status, say("compare.yardstick") if status is None else "")
        show_text(turn.sentence, f"turn-{key}", "finding")
        show_text(turn.reason, f"turn-reason-{key}")
        show_text(turn.rule, f"turn-rule-{key}", "note")


def show_turns(page: ComparePage) -> None:
    """Show the verdicts that turned, those that got worse first; new and gone ones folded."""
    st.header(say("compare.verdicts"), anchor=False)
    if not page.turns:
        show_text(say("compare.no_verdicts"), "no-turns")
    for position, turn in enumerate(page.turns):
        show_turn(turn, str(position))
    if page.other_turns.sentences:
        with st.expander(say("compare.other_turns"), type="compact"):
            show_lines(page.other_turns, "turn-rest")


def show_lines(listed: Listed, key: str) -> None:
    """Show sentences, and how many more there are."""
    for position, sentence in enumerate(listed.sentences):
        show_text(sentence, f"{key}-{position}")
    if listed.more:
        show_text(say("compare.more_lines", n=listed.more), f"{key}-more", "note")


def show_listed(title: str, listed: Listed, empty: str, key: str) -> None:
    """Show sentences of one kind under their title; `empty` where there are none."""
    st.header(title, anchor=False)
    if not listed.sentences:
        show_text(empty, f"{key}-none")
    show_lines(listed, key)


def show_differences(page: ComparePage) -> None:
    """Show what is not the same in both runs, so that a reader knows what is compared."""
    st.header(say("compare.differs"), anchor=False)
    for run, key in zip(page.runs, ("before", "after"), strict=True):
        show_text(run, f"run-{key}", "note")
    if not page.differences:
        show_text(say("compare.same_setup"), "same-setup")
    for place, (topic, listed) in enumerate(page.differences):
        with st.expander(topic, type="compact", expanded=place < OPEN_TOPICS):
            show_lines(listed, f"difference-{place}")


def show_changes(page: ComparePage) -> None:
    """Show what changed beyond noise: the picture, then the sentences, then the table."""
    if page.chart is not None:
        st.header(say("compare.picture"), anchor=False)
        show_chart(page.chart, "changes")
    left, right = st.columns(2, gap="large")
    with left:
        show_listed(
            say("compare.worsened"), page.worsened, say("compare.nothing_worsened"), "worse"
        )
    with right:
        show_listed(
            say("compare.improved"), page.improved, say("compare.nothing_improved"), "better"
        )
    for name in ("shifted", "slight", "noted"):
        listed: Listed = getattr(page, name)
        if listed.sentences:
            with st.expander(say(f"compare.{name}"), type="compact"):
                show_lines(listed, name)
    show_text(page.same, "same")
    with st.expander(say("compare.table"), type="compact"):
        show_text(say("compare.table_note"), "table", "note")
        if page.table_cut:
            show_text(page.table_cut, "table-cut", "note")
        show_table(page.table, "changes", say("compare.table"))


def show_page(page: ComparePage) -> None:
    """Show the comparison: the headline, what turned, what changed, and how the runs differ."""
    show_text(page.headline, "headline", "lead")
    show_text(page.basis, "basis", "note")
    if page.left_out:
        show_text(page.left_out, "left-out")
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_turns(page)
    with right:
        show_differences(page)
    show_changes(page)


def main() -> None:
    """Show the page."""
    run = require_run()
    show_text(say("compare.intro"), "intro", "lead")
    before = choose_before(run)
    if before is None:
        return
    found = find_comparison(before, run, choose_least(run))
    if isinstance(found, Absent):
        show_empty(say("problem.title"), found.reason, "incomparable")
    else:
        show_page(found)


main()
