"""An audit's own Local Law 144 tables as CSV, in the form that `published` reads."""

from __future__ import annotations

import csv
import io

from audits.rules.local_law_144 import Category, Summary, Table
from audits.rules.published import (
    COUNTS,
    RATES,
    RATIO,
    SEPARATOR,
    UNKNOWN_TABLE,
    neutralise,
)
from audits.rules.rounding import render_decimal, round_half_up

RATE_DIGITS, RATIO_DIGITS = 1, 3
"""Decimals of a percentage and of a ratio; the rule leaves them open."""


def render_csv(summary: Summary) -> str:
    """Return the tables with a heading; a category left out of the ratios has an empty one, and
    the last line counts those of unknown category."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    count, rate = COUNTS[summary.kind], RATES[summary.kind]
    writer.writerow(["table", "category", "n_applicants", count, rate, RATIO])
    for table in summary.tables:
        writer.writerows(_render_line(table, category) for category in table.categories)
    unknown = [UNKNOWN_TABLE, "sex or race not known", str(summary.unknown), "", "", ""]
    writer.writerow(unknown)
    return text.getvalue()


def _render_line(table: Table, category: Category) -> list[str]:
    ratio = table.ratio(category)
    rate = render_decimal(round_half_up(category.rate * 100, RATE_DIGITS))
    return [
        table.name,
        # The mark between two parts must not be part of either.
        neutralise(SEPARATOR.join(part.replace(SEPARATOR, "/") for part in category.parts)),
        str(category.applicants),
        str(category.chosen),
        f"{rate}%",
        "" if ratio is None else render_decimal(round_half_up(ratio, RATIO_DIGITS)),
    ]
