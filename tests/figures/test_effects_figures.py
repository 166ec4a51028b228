"""Figures of single columns: what is drawn equals what was given, stays small, escapes names."""

from __future__ import annotations

import numpy as np
import pytest

from audits.figures.dots import Dot
from audits.figures.effects import (
    EffectCurve,
    EffectWords,
    draw_effect,
    draw_permutation_importance,
)
from audits.figures.theme import MAX_POINTS
from tests.figures.marks import count_points

WORDS = EffectWords("mean answer", "interval", "most", "half", "Rows")
RUDE = '<b>x</b>&<a href="http://evil.invalid">y</a>'


def make_curve(numbers, texts, fan=True, missing=False):
    n = len(texts)
    value = np.linspace(0.2, 0.8, n)
    return EffectCurve(
        texts, np.array(numbers), np.arange(n) + 1, value, value - 0.1, value + 0.1,
        np.stack([value + shift for shift in (-0.3, -0.1, 0, 0.1, 0.3)], axis=1) if fan else None,
    )  # fmt: skip


def test_a_number_is_a_line_with_band_fan_and_rows():
    curve = make_curve([1.0, 2.0, 5.0, np.nan], ["1", "2", "5", "(missing)"])
    figure = draw_effect(curve, title="t", column="age", axis="Mean", words=WORDS).figure
    line = next(t for t in figure.data if t.type == "scatter" and t.mode == "lines+markers")
    assert list(line.x) == [1, 2, 5]
    assert list(line.y) == pytest.approx([0.2, 0.4, 0.6])
    band = next(t for t in figure.data if t.name == "interval")
    assert list(band.x) == [1, 2, 5, 5, 2, 1]
    assert list(band.y) == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.5, 0.3])
    half = next(t for t in figure.data if t.name == "half")
    assert list(half.y)[:3] == pytest.approx([0.1, 0.3, 0.5])
    bars = next(t for t in figure.data if t.type == "bar")
    # A bar runs from the point before to its own, and its area is its rows.
    assert list(bars.customdata) == [1, 2, 3]
    assert [y * w for y, w in zip(bars.y, bars.width, strict=True)] == pytest.approx([1, 2, 3])
    assert [x + w / 2 for x, w in zip(bars.x, bars.width, strict=True)] == pytest.approx([1, 2, 5])
    assert [x - w / 2 for x, w in zip(bars.x, bars.width, strict=True)] == pytest.approx([0, 1, 2])
    assert [note.text for note in figure.layout.annotations] == ["(missing): 4"]
    marker = next(t for t in figure.data if t.type == "scatter" and t.mode == "markers")
    assert marker.x[0] > 5
    assert list(marker.y) == pytest.approx([0.8])


def test_bars_of_counted_numbers_stand_over_their_number():
    curve = make_curve([0.0, 1.0, 2.0], ["0", "1", "2"])
    figure = draw_effect(curve, title="t", column="loans", axis="Mean", words=WORDS).figure
    bars = next(t for t in figure.data if t.type == "bar")
    assert list(bars.x) == [0, 1, 2]
    assert list(bars.width) == [1, 1, 1]


def test_accumulated_has_no_point_for_missing_values():
    curve = make_curve([1.0, 2.0, np.nan], ["1", "2", "(missing)"], fan=False)
    curve.value[2] = curve.low[2] = curve.high[2] = np.nan
    chart = draw_effect(curve, title="t", column="age", axis="Change", words=WORDS)
    assert not [t for t in chart.figure.data if t.type == "scatter" and t.mode == "markers"]
    assert [note.text for note in chart.figure.layout.annotations] == ["(missing): 3"]
    assert "(missing)" not in chart.alt


def test_categories_are_dots_and_their_names_are_no_markup():
    curve = make_curve([np.nan] * 3, [RUDE, RUDE, "plain"])
    chart = draw_effect(curve, title="t", column=RUDE, axis="Mean", words=WORDS)
    dots = next(t for t in chart.figure.data if t.type == "scatter" and t.mode == "markers")
    assert list(dots.y) == pytest.approx([0.2, 0.5, 0.8])
    assert len(set(dots.x)) == 3
    assert all("<" not in label for label in dots.x)
    assert "<" not in chart.figure.layout.xaxis.title.text
    assert "plain: 0.8 (0.7 to 0.9), Rows: 3" in chart.alt


def test_a_curve_without_intervals_has_no_band():
    curve = make_curve([0.0, 1.0], ["no", "yes"], fan=False)
    curve.low[:] = np.nan
    curve.high[:] = np.nan
    figure = draw_effect(curve, title="t", column="c", axis="Mean", words=WORDS).figure
    assert not [t for t in figure.data if t.type == "scatter" and t.fill == "toself"]


def test_importance_is_ranked_and_marks_nothing_lost():
    dots = [Dot("a", 0.1, 0.0, 0.2, "0.1"), Dot("b", 0.5, 0.4, 0.6, "0.5"),
            Dot("c", np.nan, np.nan, np.nan, "")]  # fmt: skip
    chart = draw_permutation_importance(dots, title="t", axis="Rise", nothing="nothing lost")
    points = next(t for t in chart.figure.data if t.type == "scatter" and t.mode == "markers")
    assert list(points.y) == ["b", "a"]
    assert "nothing lost" in chart.alt
    assert count_points(chart.figure) < MAX_POINTS
