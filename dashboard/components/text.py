"""Text on a page. Whatever holds names from the data goes through here: never as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from audits.core.format import plain_text

Role = Literal["title", "lead", "finding", "chart", "note", "label", "number", "body"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$^=&\"'/%])")
_JOINER = "\u2060"


def escape_markdown(text: str) -> str:
    """Return text that shows as itself where only Markdown is taken (labels of inputs).

    Punctuation is escaped; an invisible joiner after ":" and "@" and in "www" keeps links,
    colour directives and emoji names from being made out of plain text.
    """
    escaped = _SPECIAL.sub(r"\\\1", plain_text(text))
    escaped = escaped.replace(":", f":{_JOINER}").replace("@", f"@{_JOINER}")
    return re.sub(r"(?i)www", f"ww{_JOINER}w", escaped)


def show_text(text: str, key: str, role: Role = "body") -> None:
    """Show text as it is. key: unique on the page; the role decides how it looks."""
    with st.container(key=f"say-{role}-{key}"):
        st.text(text)


def show_table(table: pd.DataFrame, key: str, alt: str) -> None:
    """Show a tidy table. A column of decimals is a share, written as a percentage."""
    shown, formats = _format(table)
    st.dataframe(shown, hide_index=True, key=f"table-{key}", column_config=formats, alt=alt)


def show_selectable_table(table: pd.DataFrame, key: str, alt: str) -> int | None:
    """Show a tidy table as `show_table` does; return the place of the row that is chosen in it."""
    shown, formats = _format(table)
    state: Any = st.dataframe(
        shown, hide_index=True, key=f"table-{key}", column_config=formats, alt=alt,
        on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    rows = state["selection"]["rows"]
    return int(rows[0]) if rows and rows[0] < len(table) else None


def _format(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    shares = [name for name in table.columns if pd.api.types.is_float_dtype(table[name])]
    counts = [name for name in table.columns if pd.api.types.is_integer_dtype(table[name])]
    formats: dict[str, Any] = {
        name: st.column_config.NumberColumn(format="%.1f%%") for name in shares
    }
    formats |= {name: st.column_config.NumberColumn(format="localized") for name in counts}
    return table.assign(**{name: table[name] * 100 for name in shares}), formats


def show_pairs(pairs: Sequence[tuple[str, str]], key: str) -> None:
    """Show labels with their texts, in as many columns as fit."""
    for start in range(0, len(pairs), 2):
        columns = st.columns(2, gap="medium")
        for column, (position, (label, text)) in zip(
            columns, enumerate(pairs[start : start + 2], start), strict=False
        ):
            with column:
                show_text(label, f"{key}-{position}", "label")
                show_text(text, f"{key}-{position}")
