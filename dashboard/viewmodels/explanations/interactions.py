"""Columns that act together: the strongest pairs, where they were asked for."""

from __future__ import annotations

from audits.core.format import plain_text
from audits.core.report.measurement import Measurement
from audits.figures import Chart, draw_dots
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot
from dashboard.viewmodels.run import RunData


def list_pairs(run: RunData) -> list[Measurement]:
    """Return the measured pairs of columns, the strongest first; [] where none were asked for."""
    found = run.by_group("mean_absolute_interaction", None)
    return sorted(found, key=lambda item: -(item.value or 0.0))


def make_pairs_chart(run: RunData) -> Chart:
    """Return how far each pair moves the output together, beyond what each does alone."""
    pairs = list_pairs(run)
    names = [plain_text(item.part_name) for item in pairs]
    return draw_dots(
        [make_dot(item, name) for item, name in zip(pairs, names, strict=True)],
        title=say("explanations.pairs_title", pair=names[0]),
        axis=say("explanations.pairs_axis"),
        least=0.0,
    )
