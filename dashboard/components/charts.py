"""Charts on a page: the finding above as text, the figure and its description, the table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from audits.figures.theme import Chart
from dashboard.catalogue import say
from dashboard.components.text import show_table, show_text

CONFIG = {"displayModeBar": False, "showSendToCloud": False, "responsive": True}


def show_chart(chart: Chart, key: str) -> None:
    """Show a chart under its title."""
    show_text(chart.title, key, "chart")
    st.plotly_chart(chart.figure, key=f"chart-{key}", config=CONFIG, alt=chart.alt)


def show_chart_with_table(chart: Chart, table: pd.DataFrame, key: str) -> None:
    """Show a chart and, folded under it, the same numbers as a table."""
    show_chart(chart, key)
    with st.expander(say("chart.table"), type="compact"):
        show_table(table, key, chart.title)
