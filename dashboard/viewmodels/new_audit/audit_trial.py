"""Outputs, decisions and scores as an audit would read them, before it: what they mean, and from
what."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from audits.core.format import format_count, plain_text
from audits.data import MARK, ROWS_VIEW, AuditTable, connect, fetch_one, open_table, quote
from audits.meaning import try_meaning
from dashboard.catalogue import say
from dashboard.viewmodels.new_audit.new_audit import Draft, parse_spec

_TOLD = "predictions."
"""Begins the codes of notices about decisions and scores."""


def try_decisions(draft: Draft) -> tuple[str, ...]:
    """Open the data and return in sentences what its decisions and scores are read as.

    Raises InputError for whatever the audit would refuse there.
    """
    with closing(connect()) as connection:
        table = open_table(connection, parse_spec(draft), Path())
        read = _describe_decisions(table, draft) if draft.label else ""
        told = [notice.text for notice in table.notices if notice.code.startswith(_TOLD)]
        return tuple(plain_text(text) for text in (read, *told) if text)


def try_outputs(draft: Draft) -> tuple[str, ...]:
    """Try a binary model on rows with known outcomes; return in sentences what its outputs are
    read as, and from what.

    Raises InputError for whatever the audit would refuse there.
    """
    meaning = try_meaning(parse_spec(draft), Path())
    if meaning.notices or meaning.ranking is None:
        return tuple(plain_text(notice.text) for notice in meaning.notices)
    text = say("form.meaning", positive=str(draft.positive), evidence=str(meaning.ranking))
    return (plain_text(text),)


def _describe_decisions(table: AuditTable, draft: Draft) -> str:
    """Return which decision is favourable and how far that agrees with known outcomes."""
    label, decided, true = (quote(n) for n in (draft.label, MARK + "y_pred", MARK + "y_true"))
    found = table.connection.execute(
        f"SELECT DISTINCT CAST({label} AS VARCHAR) AS v FROM {ROWS_VIEW} WHERE {decided} = 1 "
        "ORDER BY v LIMIT 3"
    ).fetchall()
    value = ", ".join(f"“{row[0]}”" for row in found)
    if not draft.target:
        return say("form.read_decisions", column=draft.label, value=value)
    same = fetch_one(
        table.connection,
        f"SELECT avg(CAST({decided} = {true} AS DOUBLE)), count(*) FROM {ROWS_VIEW} "
        f"WHERE {decided} IS NOT NULL AND {true} IS NOT NULL",
    )
    assert same is not None  # an aggregate has one row
    if not same[1]:
        return say("form.read_decisions", column=draft.label, value=value)
    return say(
        "form.read_agreement", column=draft.label, value=value, target=draft.target,
        outcome=str(draft.positive), share=f"{same[0]:.1%}", n=format_count(int(same[1])),
    )  # fmt: skip
