"""What drives a slice: how its rows are moved, beside all other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.errors import AssayError, CheckNotApplicableError
from audits.core.format import format_count, format_test, format_value, plain_text
from audits.core.words.words import SLICES_CHECK
from audits.cube import CONFIDENCE
from audits.explain import CohortImportance, CohortShare
from audits.figures import MAX_BARS, Chart, Dot, Mark, draw_dots
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.picks import list_slice_conditions
from dashboard.viewmodels.cohorts.rows import Absent, RowSource
from dashboard.viewmodels.explanations.explanations import find_evidence, list_features
from dashboard.viewmodels.run import RunData

SENTENCES = 3


def list_slices(run: RunData) -> list[str]:
    """Return the slices whose drivers can be shown, in the report's order; none without
    attributions."""
    if find_evidence(run) is None:
        return []
    found = [item.part_name for item in run.report.measurements if item.check == SLICES_CHECK]
    return list(dict.fromkeys(name for name in found if name))


def explain_slice(run: RunData, source: RowSource, name: str) -> CohortImportance | Absent:
    """Return what drives a slice of the run, or why that is not known."""
    conditions = list_slice_conditions(run).get(name)
    if conditions is None:
        return Absent(say("cohort.no_slice"))
    try:
        return source.explain(run, list_features(run), list(conditions))
    except (AssayError, CheckNotApplicableError) as error:
        return Absent(plain_text(str(error)))


def list_sentences(found: CohortImportance, name: str) -> list[str]:
    """Return the columns that set the slice apart most, as far as a test supports it."""
    tested = _list_tested(found)
    if not tested:
        return [f"{say('cohort.title_none', name=plain_text(name))}."]
    return [_render(share, found, name) for share in tested[:SENTENCES]]


def _list_tested(found: CohortImportance) -> list[CohortShare]:
    return [share for share in found.shares if share.p_value < 1 - CONFIDENCE]


def _render(share: CohortShare, found: CohortImportance, name: str) -> str:
    return say(
        "cohort.sentence",
        name=plain_text(name),
        feature=plain_text(share.feature),
        inside=format_value(share.inside, "score"),
        outside=format_value(share.outside, "score"),
        difference=format_value(share.difference, "difference"),
        low=format_value(share.low, "difference"),
        high=format_value(share.high, "difference"),
        test=format_test(share.p_value, len(found.shares)),
        rows=format_count(found.rows),
    )


def make_cohort_chart(found: CohortImportance, name: str) -> Chart:
    """Return how much the slice's attributions differ from all other rows', by column."""
    tested = _list_tested(found)
    if tested:
        title = say("cohort.title", name=plain_text(name), feature=plain_text(tested[0].feature))
    else:
        title = say("cohort.title_none", name=plain_text(name))
    dots = [
        Dot(
            plain_text(share.feature), share.difference, share.low, share.high,
            format_value(share.difference, "difference"),
        )
        for share in found.shares[:MAX_BARS]
        if np.isfinite(share.difference)
    ]  # fmt: skip
    return draw_dots(
        dots, title=title, axis=say("cohort.axis"), mark=Mark(0.0, say("cohort.nothing"))
    )


def tabulate_cohort(found: CohortImportance) -> pd.DataFrame:
    """Return every column with its mean attribution inside and outside, and the difference."""
    return pd.DataFrame(
        [
            {
                say("column.feature"): plain_text(share.feature),
                say("cohort.inside"): format_value(share.inside, "score"),
                say("cohort.outside"): format_value(share.outside, "score"),
                say("column.change"): format_value(share.difference, "difference"),
                say("column.interval"): f"{format_value(share.low, 'difference')} to "
                f"{format_value(share.high, 'difference')}",
                say("column.chance"): ""
                if np.isnan(share.p_value)
                else format_test(share.p_value, len(found.shares)),
            }
            for share in found.shares
        ]
    )
