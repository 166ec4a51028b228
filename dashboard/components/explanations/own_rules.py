"""The rules of the search, edited in place: what stays, what only rises or falls, how many."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from audits.core.format import plain_text
from dashboard.catalogue import say
from dashboard.components.explanations.whatif import SAMPLE
from dashboard.components.opening import ask
from dashboard.components.text import show_table, show_text
from dashboard.state import find_model, find_rows
from dashboard.viewmodels.cohorts.rows import Absent, read_score
from dashboard.viewmodels.counterfactuals import own_rules, recourse
from dashboard.viewmodels.counterfactuals.own_rules import OwnRules
from dashboard.viewmodels.run import RunData


def show_own_rules(run: RunData, row: str) -> None:
    """Let the reader set rules for one row and search again, folded under its answers."""
    if not own_rules.is_possible(run):
        return
    with st.expander(say("own.title"), icon=":material/tune:", key="own-rules"):
        _show_search(run, row)


@st.fragment
def _show_search(run: RunData, row: str) -> None:
    client, source = ask(run, find_model), ask(run, find_rows)
    if isinstance(client, Absent) or isinstance(source, Absent):
        reasons = [item.reason for item in (client, source) if isinstance(item, Absent)]
        show_text(say("absent.whatif", reason=reasons[0]), "own-absent")
        return
    sample = source.sample(SAMPLE)
    own = _choose_rules(run, tuple(client.info.features), sample)
    conflict = own.find_conflict()
    wanted = st.button(
        say("own.search"), key="own-search", icon=":material/search:", disabled=bool(conflict)
    )
    if conflict:
        show_text(conflict, "own-conflict", "finding")
        return
    if not wanted:
        show_text(say("own.note"), "own-note", "note")
        return
    original = source.read([row]).iloc[0]
    with st.spinner(say("own.searching")):
        found = own_rules.search_row(run, client, original, sample, source.read_limits(row), own)
    if isinstance(found, Absent):
        show_text(plain_text(found.reason), "own-none", "finding")
        return
    score = (read_score(run, row) or {}).get(recourse.name_score(run))
    for position, answer in enumerate(found):
        sentence = recourse.render_answer(run, answer, score if isinstance(score, float) else None)
        show_text(sentence, f"own-{position}", "finding")
        alt = say("own.table_alt", answer=sentence)
        show_table(recourse.tabulate_answer(answer), f"own-{position}", alt)
        show_text(recourse.render_cost(answer), f"own-cost-{position}", "note")
    show_text(say("own.not_kept"), "own-not-kept", "note")


def _choose_rules(run: RunData, features: tuple[str, ...], sample: pd.DataFrame) -> OwnRules:
    audited = own_rules.read_rules(run, features)
    ordered = own_rules.list_ordered(sample, features, (*audited.rising, *audited.falling))

    def choose(name: str, options: Sequence[str], default: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            st.multiselect(
                say(f"own.{name}"), options, default, key=f"own-{name}", bind="query-params",
                format_func=plain_text, help=say(f"own.{name}_help"),
                placeholder=say("own.choose"),
            )
        )  # fmt: skip

    fixed = choose("fixed", features, audited.fixed)
    rising = choose("rising", ordered, audited.rising)
    falling = choose("falling", ordered, audited.falling)
    most = st.slider(
        say("own.most"), 1, own_rules.MAX_CHANGES, audited.most, key="own-most",
        bind="query-params", help=say("own.most_help"),
    )  # fmt: skip
    return OwnRules(fixed, rising, falling, int(most))
