"""A column's attributions against its own values, as a figure, a table and a finding."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.format import format_count, format_range, format_value, plain_text
from audits.core.groups import FEW_ROWS
from audits.explain import Binned
from audits.figures import Chart, draw_dependence
from audits.pipeline import MISSING, OTHER, Dependence
from dashboard.catalogue import say


def make_dependence_chart(found: Dependence) -> Chart:
    """Return the sample's points under the means of all explained rows."""
    binned = found.binned
    return draw_dependence(
        [plain_text(label) for label in binned.labels], binned.centre, binned.mean, binned.low,
        binned.high, binned.rows, (_place_points(found), found.parts),
        title=_render_title(found), column=plain_text(found.feature),
        axis=say("dependence.axis"),
        words=(say("dependence.points", n=format_count(len(found.parts))),
               say("dependence.means", n=format_count(found.rows))),
    )  # fmt: skip


def _place_points(found: Dependence) -> FloatArray:
    """Return the points' places: numbers as they are, texts at their category's position."""
    if found.numeric:
        return found.values.astype(np.float64)
    places = {label: place for place, label in enumerate(found.binned.labels)}
    rest = places.get(OTHER, -1)
    named = [MISSING if value is None else str(value) for value in found.values.tolist()]
    return np.array([places.get(name, rest) for name in named], dtype=np.float64)


def _render_title(found: Dependence) -> str:
    """Return what values push most each way, of bins with enough rows where two have them."""
    binned, name = found.binned, plain_text(found.feature)
    known = np.flatnonzero(~np.isnan(binned.mean))
    enough = known[binned.rows[known] >= FEW_ROWS]
    ranked = enough if len(enough) > 1 else known
    low, high = ranked[np.argmin(binned.mean[ranked])], ranked[np.argmax(binned.mean[ranked])]
    if low == high or not _apart(binned, int(low), int(high)):
        return say("dependence.title_even", feature=name)
    return say(
        "dependence.title", feature=name,
        low=plain_text(binned.labels[low]), low_value=_signed(binned.mean[low]),
        high=plain_text(binned.labels[high]), high_value=_signed(binned.mean[high]),
    )  # fmt: skip


def _apart(binned: Binned, low: int, high: int) -> bool:
    """Whether the intervals of two bins do not touch."""
    return bool(binned.high[low] < binned.low[high])


def _signed(value: float) -> str:
    text = format_value(float(value), "difference")
    return f"+{text}" if value > 0 and not text.startswith("+") else text


def tabulate_dependence(found: Dependence) -> pd.DataFrame:
    """Return every bin with its rows and its mean attribution with interval."""
    binned = found.binned
    return pd.DataFrame(
        {
            say("column.value"): [plain_text(label) for label in binned.labels],
            say("column.rows"): binned.rows,
            say("column.attribution"): [_signed(value) for value in binned.mean],
            say("column.interval"): [
                say("number.none") if np.isnan(low) else format_range(low, high, "difference")
                for low, high in zip(binned.low, binned.high, strict=True)
            ],
        }
    )


def explain_dependence(found: Dependence) -> str:
    """Return what points and means rest on."""
    return say(
        "dependence.note",
        n=format_count(len(found.parts)),
        rows=format_count(found.rows),
        few=FEW_ROWS,
    )
