"""Figures: what is drawn equals what was given, stays small, and escapes names."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from audits.figures.burden import MAX_GROUPS, EffortCurve, draw_changed_columns, draw_effort_curves
from audits.figures.dots import Dot, Mark, choose_shown, draw_dots
from audits.figures.explanations import (
    GroupSeries,
    Importance,
    draw_group_importance,
    draw_importance,
    draw_spread,
    draw_waterfall,
)
from audits.figures.fairness import FEW_ROWS, draw_intersections, draw_moved
from audits.figures.performance import (
    CURVE_POINTS,
    Curve,
    draw_calibration,
    draw_confusion,
    draw_roc,
    draw_thresholds,
    thin_curve,
)
from audits.figures.theme import (
    GRID,
    MAX_BARS,
    MAX_POINTS,
    PALETTE,
    TEMPLATE,
    escape_label,
    make_figure,
    unique_labels,
)
from tests.figures.marks import count_points

RUDE = '<b>x</b> & <a href="http://evil.invalid">y</a>'


def find_points(figure: go.Figure) -> go.Scatter:
    return next(t for t in figure.data if t.type == "scatter" and t.mode == "markers")


def make_dots(n: int) -> list[Dot]:
    return [Dot(f"g{i}", i / n, i / n - 0.01, i / n + 0.02, f"{i / n:.3f}") for i in range(n)]


def test_dots_keep_values_intervals_and_order() -> None:
    chart = draw_dots(make_dots(4), title="t", axis="Rate", percent=True)
    points = find_points(chart.figure)
    assert list(points.x) == [0.0, 0.25, 0.5, 0.75]
    assert list(points.y) == ["g0", "g1", "g2", "g3"]
    line = next(t for t in chart.figure.data if t.mode == "lines" and t.y[0] == "g2")
    assert line.x == pytest.approx((0.49, 0.52))
    # The first row stands on top.
    top, bottom = chart.figure.layout.yaxis.range[1], chart.figure.layout.yaxis.range[0]
    assert top < bottom
    assert chart.title == "t"
    assert "g3: 0.750" in chart.alt


def test_dots_without_an_interval_draw_none() -> None:
    chart = draw_dots([Dot("a", 0.5, np.nan, np.nan, "0.5")], title="", axis="")
    line = next(t for t in chart.figure.data if t.mode == "lines")
    assert list(line.x) == [0.5, 0.5]


def test_dots_leave_out_what_has_no_number() -> None:
    dots = [Dot("a", 0.5, 0.4, 0.6, "0.5"), Dot("b", np.nan, np.nan, np.nan, "none")]
    assert list(find_points(draw_dots(dots, title="", axis="").figure).y) == ["a"]


def test_many_dots_are_cut_to_the_extremes_and_it_is_said() -> None:
    dots = make_dots(500)
    shown = choose_shown(dots)
    assert len(shown) == MAX_BARS
    assert shown[0].name == "g0"
    assert shown[-1].name == "g499"
    chart = draw_dots(dots, title="", axis="Rate", mark=Mark(0.3, "all"))
    assert f"{MAX_BARS} most extreme of 500" in chart.alt
    assert count_points(chart.figure) < MAX_POINTS


def test_names_are_escaped_and_stay_different() -> None:
    assert "<" not in escape_label(RUDE)
    assert escape_label("a & b") == "a &amp; b"
    labels = unique_labels(["x" * 60 + "1", "x" * 60 + "2", ""])
    assert len(set(labels)) == 3
    chart = draw_dots([Dot(RUDE, 0.5, 0.4, 0.6, "0.5")], title="", axis="")
    assert not any("<b>" in str(label) for label in find_points(chart.figure).y)


def test_moved_rates_show_before_and_after() -> None:
    chart = draw_moved(
        ["a", "b"], np.array([0.2, np.nan]), np.array([0.6, 0.5]), ["60%", "50%"],
        title="t", axis="Rate", legend=("audited", "moved"),
    )  # fmt: skip
    rings, dots = (t for t in chart.figure.data if t.name in ("audited", "moved"))
    assert (list(rings.x), list(dots.x)) == ([0.2], [0.6])
    assert "from 20.0% to 60.0%" in chart.alt


def test_intersections_mark_small_cells_and_leave_empty_ones() -> None:
    values = np.array([[0.5, np.nan], [0.25, 0.75]])
    rows = np.array([[FEW_ROWS, 0], [FEW_ROWS - 1, 100]])
    texts = [["50%", ""], ["25%", "75%"]]
    chart = draw_intersections(
        ["f", RUDE], ["x", "y"], values, rows, texts, title="t", axes=("sex", "race")
    )
    heat = chart.figure.data[0]
    assert heat.z[0][0] == 0.5
    assert heat.z[0][1] is None
    assert heat.text[1] == ("25%*", "75%") or heat.text[1] == ["25%*", "75%"]
    assert "<b>" not in str(heat.y)


def test_intersections_of_many_groups_stay_small() -> None:
    n = 60
    values = np.full((n, n), 0.5)
    names = [f"g{i}" for i in range(n)]
    texts = [["50%"] * n for _ in range(n)]
    rows = np.full((n, n), 100)
    chart = draw_intersections(names, names, values, rows, texts, title="", axes=("a", "b"))
    assert count_points(chart.figure) <= 400


def test_curves_are_thinned_along_their_length_and_keep_their_ends() -> None:
    x = np.linspace(0, 1, 50_000)
    thin = thin_curve(Curve("a", x, x**3))
    assert len(thin.x) <= CURVE_POINTS
    assert (thin.x[0], thin.x[-1]) == (0.0, 1.0)
    assert np.allclose(thin.y, thin.x**3)
    # Evenly along the curve: the steep end gets more points than its width.
    assert (thin.x > 0.7).sum() > 0.35 * len(thin.x)
    curves = [Curve(f"g{i}", x, x) for i in range(30)]
    chart = draw_roc(curves, title="t", axes=("x", "y"))
    assert count_points(chart.figure) < MAX_POINTS


def test_calibration_leaves_out_empty_bins() -> None:
    nan = np.nan
    chart = draw_calibration(
        "all", np.array([0.1, nan, 0.9]), np.array([0.2, nan, 0.8]), np.array([0.1, nan, 0.7]),
        np.array([0.4, nan, 0.85]), title="t", axes=("score", "share"), ideal="ideal",
    )  # fmt: skip
    trace = chart.figure.data[1]
    assert list(trace.x) == [0.1, 0.9]
    assert list(trace.error_y.array) == pytest.approx([0.2, 0.05])
    assert list(trace.error_y.arrayminus) == pytest.approx([0.1, 0.1])


def test_confusion_shows_counts_and_shares_of_the_true_class() -> None:
    counts = np.array([[30.0, 10.0], [0.0, 60.0]])
    heat = draw_confusion(counts, ["no", "yes"], title="t", axes=("true", "said")).figure.data[0]
    assert heat.text[0][0] == "30<br>75.0%"
    assert heat.z[1][1] == 1.0
    assert draw_confusion(np.zeros((2, 2)), ["a", "b"], title="", axes=("", "")).figure.data


def test_thresholds_mark_the_one_in_use() -> None:
    steps = np.linspace(0, 1, 11)
    chart = draw_thresholds(
        [Curve("a", steps, 1 - steps)], current=0.4, title="", axes=("t", "r"), here="0.40"
    )
    assert chart.figure.layout.shapes[0].x0 == 0.4


def test_importance_is_sorted_and_bounded() -> None:
    items = [Importance(f"f{i}", float(i), i - 0.1, i + 0.2, str(i)) for i in range(40)]
    bars = draw_importance(items, title="t", axis="a").figure.data[0]
    assert len(bars.x) == 15
    assert bars.x[0] == 39.0
    assert bars.error_x.array[0] == pytest.approx(0.2)


def test_group_importance_orders_by_the_largest_and_draws_intervals() -> None:
    means = np.array([[0.1, -0.9, 0.2], [0.3, 0.1, np.nan]])
    groups = [
        GroupSeries(name, value, value - 0.1, value + 0.2)
        for name, value in zip(("g <b>", "h"), means, strict=True)
    ]
    chart = draw_group_importance(["a", "b", "c"], groups, title="", axis="x")
    assert list(chart.figure.layout.yaxis.ticktext) == ["b", "a", "c"]
    first, second = chart.figure.data
    assert list(first.x) == [-0.9, 0.1, 0.2]
    assert list(second.x)[:2] == [0.1, 0.3]
    assert np.allclose(first.error_x.array, 0.2)
    assert np.allclose(first.error_x.arrayminus, 0.1)
    assert not set(first.y) & set(second.y)  # beside one another
    assert "<b>" not in first.name
    assert "a: g <b> 0.100 (0.000 to 0.300), h 0.300" in chart.alt


def test_waterfall_adds_up_with_the_small_parts_summed() -> None:
    draw = np.random.default_rng(0)
    parts = draw.normal(0, 1, 30)
    output = 0.5 + parts.sum()
    chart = draw_waterfall(
        [f"f{i}" for i in range(30)], parts, ["1"] * 30, 0.5, output,
        title="t", axis="a", words=("base", "rest", "output"),
    )  # fmt: skip
    trace = chart.figure.data[0]
    assert sum(trace.x[:-1]) == pytest.approx(output)
    assert trace.y[-2] == "rest"
    assert list(trace.measure[:1]) + list(trace.measure[-1:]) == ["absolute", "total"]


def test_spread_draws_a_bounded_sample_at_the_true_places() -> None:
    draw = np.random.default_rng(0)
    parts = draw.normal(0, 1, (2_000, 25))
    ranks = np.full(parts.shape, np.nan)
    ranks[:, :20] = draw.random((2_000, 20))
    chart = draw_spread(
        [f"f{i}" for i in range(25)], parts, ranks, title="t", axis="a", words=("low", "high")
    )
    assert count_points(chart.figure) <= 3_000
    first = chart.figure.data[0]
    feature = int(first.name[1:])
    assert np.allclose(first.x, parts[: len(first.x), feature])
    assert np.abs(np.asarray(first.y)).max() < 0.5
    assert sum(bool(trace.marker.showscale) for trace in chart.figure.data) == 1


def test_spread_of_equal_values_is_no_error() -> None:
    parts = np.zeros((10, 2))
    chart = draw_spread(
        ["a", "b"], parts, np.full(parts.shape, np.nan), title="", axis="", words=("l", "h")
    )
    assert len(chart.figure.data) == 2


def test_changed_columns_are_sorted() -> None:
    chart = draw_changed_columns(["a", "b"], [0.2, 0.8], title="t", axis="x")
    assert list(chart.figure.data[0].y) == ["b", "a"]


def test_effort_curves_keep_shares_bands_and_the_mark() -> None:
    efforts = np.array([0.0, 1.0, 2.0])
    curves = [
        EffortCurve(RUDE if i == 0 else f"g{i}", efforts / (i + 2), efforts / (i + 3), efforts / 2)
        for i in range(MAX_GROUPS + 1)
    ]
    chart = draw_effort_curves(
        curves, efforts, title="t", axes=("Effort", "Share"), mark=(1.0, RUDE)
    )
    lines = [t for t in chart.figure.data if t.fill is None]
    assert len(lines) == MAX_GROUPS
    assert list(lines[0].y) == [0.0, 0.5, 1.0]
    assert "<b>" not in lines[0].name
    band = chart.figure.data[0]
    assert list(band.y) == [0.0, 0.5, 1.0, *(efforts[::-1] / 3)]
    assert "<b>" not in chart.figure.layout.annotations[0].text
    assert f"g1: {1 / 3:.1%}" in chart.alt
    assert "The first 6 of 7 groups are shown" in chart.alt


def test_layout_set_at_once_is_the_one_that_updates_make() -> None:
    expected = go.Figure()
    expected.update_layout(
        height=321, margin={"l": 8, "r": 16, "t": 16, "b": 8}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", colorway=PALETTE, template=TEMPLATE, showlegend=False,
        dragmode=False, uirevision="keep",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )  # fmt: skip
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "fixedrange": True}
    expected.update_xaxes(title={"text": "along", "standoff": 8}, **axis)
    expected.update_yaxes(title={"text": "up", "standoff": 8}, **axis)
    made = make_figure(321, x_title="along", y_title="up")
    assert json.loads(made.to_json()) == json.loads(expected.to_json())
