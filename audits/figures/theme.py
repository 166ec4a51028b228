"""The look of every figure: colours, inks, template, and the one place that escapes names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from audits.core.report.verdict import Status

PALETTE = ("#2A7FBF", "#E08214", "#1A9A78", "#C65D9B", "#8C6BB1", "#4FA8D0", "#A8922A", "#7F8790")
"""Told apart by colour-blind readers (after Okabe and Ito 2008), and seen on white and on black."""

ACCENT, QUIET = PALETTE[0], "#8A93A0"
UP, DOWN = "#2A7FBF", "#E08214"
STATUS_COLOURS = {
    Status.PASS: "#1A9A78",
    Status.WARN: "#C98A00",
    Status.FAIL: "#D1432B",
    Status.INSUFFICIENT: "#7F8790",
    Status.NOT_APPLICABLE: "#7F8790",
}
SEQUENTIAL = ((0.0, "#E6F0F8"), (0.5, "#6FAED8"), (1.0, "#14507F"))
GRID = "rgba(128, 138, 150, 0.22)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"

_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"}

TEMPLATE = go.layout.Template(layout={"font": {"family": FONT, "size": 13}})
"""A page with a font of its own may replace it, as Streamlit does."""

MAX_POINTS = 5_000
"""More SVG points than this make a page slow; every figure stays under it."""

MAX_BARS = 40
"""A list longer than this is cut; the table beside the figure holds all of it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with the words that belong to it.

    title: the finding, a sentence; it stands above the figure as text, so that it wraps and can
    be read aloud. alt: what the figure shows, for those who cannot see it. picks: which of the
    things drawn a mark is, as its place among those given, by the mark's labels: `(y,)` of a row,
    `(y, x)` of a cell.
    """

    figure: go.Figure
    title: str
    alt: str
    picks: Mapping[tuple[str, ...], int] = field(default_factory=dict)


def escape_label(text: str, width: int = 0) -> str:
    """Return a name from the data as plain text for a figure, where `<b>` would be markup.

    width: cut longer names there, with an ellipsis (0: never).
    """
    if width and len(text) > width:
        text = text[: width - 1] + "…"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unique_labels(names: Sequence[str], width: int = 34) -> list[str]:
    """Return the names as axis labels: escaped, cut, and still different from one another."""
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        label = escape_label(name, width) or "(empty)"
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def make_figure(height: int, *, x_title: str = "", y_title: str = "") -> go.Figure:
    """Return an empty figure of ours: transparent, light grid, no chart junk."""
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "fixedrange": True}
    # All at once: updates after the fact, which look for what they change, take ten times as long.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": PALETTE,
            "template": TEMPLATE,
            "showlegend": False,
            "dragmode": False,
            "uirevision": "keep",
            "legend": _LEGEND,
            "xaxis": {"title": {"text": x_title, "standoff": 8}, **axis},
            "yaxis": {"title": {"text": y_title, "standoff": 8}, **axis},
        }
    )


def add_upright(figure: go.Figure, x: float, *, width: float = 1.0, dash: str = "solid") -> None:
    """Draw a quiet line from bottom to top at `x` (`add_vline` takes ten times as long)."""
    figure.add_shape(
        type="line", x0=x, x1=x, y0=0, y1=1, xref="x", yref="y domain",
        line={"color": QUIET, "width": width, "dash": dash},
    )  # fmt: skip


def use_percent_axis(figure: go.Figure, axis: str = "x") -> None:
    """Write the ticks of an axis of shares as percentages, finely where it is short."""
    reach = figure.layout[f"{axis}axis"].range
    fine = reach is not None and abs(reach[1] - reach[0]) < 0.08
    figure.update_layout({f"{axis}axis": {"tickformat": ".1%" if fine else ".0%"}})


def row_height(rows: int, *, each: int = 32, around: int = 84, least: int = 150) -> int:
    """Return the height in pixels of a figure with so many rows."""
    return max(least, around + each * rows)
