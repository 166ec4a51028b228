"""Figures of what people could change, and whether they could."""

from __future__ import annotations

from collections.abc import Sequence

from audits.figures.theme import PALETTE, Chart, make_figure, row_height, unique_labels

MAX_COLUMNS = 15


def draw_changed_columns(
    columns: Sequence[str], shares: Sequence[float], *, title: str, axis: str
) -> Chart:
    """Draw in what share of the best answers each column has to change, most often first."""
    pairs = sorted(zip(columns, shares, strict=True), key=lambda pair: -pair[1])[:MAX_COLUMNS]
    labels = unique_labels([name for name, _ in pairs], 26)
    figure = make_figure(row_height(len(pairs)), x_title=axis)
    figure.add_bar(
        x=[share for _, share in pairs], y=labels, orientation="h",
        marker={"color": PALETTE[0], "cornerradius": 3},
        text=[f"{share:.1%}" for _, share in pairs], textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    top = max((share for _, share in pairs), default=1.0)
    figure.update_xaxes(range=[0, 1.18 * (top or 1.0)], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(bargap=0.35)
    listed = "; ".join(f"{name}: {share:.1%}" for name, share in pairs)
    return Chart(figure, title, f"{axis}. {listed}.")
