"""Findings by hand: what is said, and what is not said where chance could do it."""

from __future__ import annotations

import pytest

from audits.core.estimate import Estimate, Unavailable
from audits.core.findings import render_gap
from audits.core.measurement import Measurement


def number(metric, value, low, high, *, feature=None, p=None):
    estimate = Estimate(value=value, low=low, high=high, n=900, method="by hand", confidence=0.95)
    return Measurement(
        id=f"{metric}@{feature}", check="c", metric=metric, attribute="sex", group="Female",
        reference_group="Male", slice=feature and f"feature={feature}", estimate=estimate,
        p_value=p, unit="points", direction="none",
    )  # fmt: skip


def share(feature, value, half, p):
    return number("gap_share", value, value - half, value + half, feature=feature, p=p)


GAP = number("selection_rate_difference", -0.20, -0.24, -0.16)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (
            [share("job", -0.15, 0.02, 1e-9), share("age", -0.05, 0.02, 1e-6)],
            "Female is selected 20.0 points less often than Male. job makes 15.0 points of that "
            "(95% interval 13.0 to 17.0); all others widen it by 5.0 points.",
        ),
        (  # the largest share goes the other way: it is not what makes the gap
            [share("job", 0.30, 0.02, 1e-9), share("age", -0.50, 0.02, 1e-9)],
            "age makes 50.0 points of that (95% interval 48.0 to 52.0); all others narrow "
            "it by 30.0 points.",
        ),
        (  # two columns were looked at: 0.03 is no more than one in seventeen
            [share("job", -0.15, 0.14, 0.03), share("age", -0.05, 0.1, 0.4)],
            "and no single column stands out as its reason.",
        ),
    ],
)
def test_a_gap_is_laid_on_columns_in_words(shares, said):
    assert said in (render_gap(GAP, shares) or "")


def test_nothing_is_named_where_chance_could_make_the_gap():
    small = number("selection_rate_difference", -0.02, -0.06, 0.02)
    said = render_gap(small, [share("job", -0.15, 0.02, 1e-9)])
    assert said == (
        "Female is selected 2.0 points less often than Male; chance alone could explain that, so "
        "no column is named."
    )


def test_without_numbers_nothing_is_said():
    absent = GAP.model_copy(update={"estimate": None, "unavailable": Unavailable(reason="no")})
    assert render_gap(absent, [share("job", -0.1, 0.02, 0.0)]) is None
    assert render_gap(GAP, []) is None
