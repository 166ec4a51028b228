"""The frontier's figure: what is drawn equals what was given, and names are escaped."""

from __future__ import annotations

import numpy as np

from audits.figures.interventions import Frontier, Setting, draw_frontier
from audits.figures.theme import MAX_POINTS
from tests.figures.marks import count_points

RUDE = "<b>x</b>"


def make_frontier(name: str, n: int) -> Frontier:
    gap = np.linspace(0.3, 0.0, n)
    return Frontier(name, gap, 0.9 - (0.3 - gap) / 5, gap + 0.01, 0.89 - (0.3 - gap) / 5)


def test_lines_and_marks_are_what_was_given() -> None:
    lines = [make_frontier(RUDE, 10), make_frontier("one", 3000)]
    spots = [Setting("now", 0.28, 0.9, "gap 28 points"), Setting("then", 0.02, 0.85, RUDE)]
    chart = draw_frontier(lines, spots, title="t", axes=("Gap", "Accuracy"), share=True)
    fitted, seen = chart.figure.data[:2]
    assert np.allclose(fitted.x, lines[0].chosen_gap)
    assert np.allclose(seen.y, lines[0].held_out_value)
    assert fitted.line.shape == "vh"  # falling gaps: the narrower point holds in between
    assert count_points(chart.figure) < MAX_POINTS
    assert all("<b>" not in (trace.name or "") for trace in chart.figure.data)
    now, then = chart.figure.data[-2:]
    assert (now.x[0], now.y[0]) == (0.28, 0.9)
    assert now.textposition == "bottom left"
    assert "<b>" not in then.hovertemplate
    assert "now: gap 28 points" in chart.alt
