"""Findings by hand: what is said, and what is not said where chance could do it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.findings.stories.findings import (
    MAX_NAMED,
    TOLD,
    choose_columns,
    render_conditional,
    render_doubt,
    render_gap,
)


def number(metric, value, low, high, *, feature=None, p=None):
    estimate = Estimate(value=value, low=low, high=high, n=900, method="by hand", confidence=0.95)
    return Measurement(
        id=f"{metric}@{feature}", check="c", metric=metric, attribute="sex", group="Female",
        reference_group="Male", slice=feature and f"feature={feature}", estimate=estimate,
        p_value=p, unit="points", direction="none",
    )  # fmt: skip


def share(feature, value, half, p=1e-9):
    return number("gap_share", value, value - half, value + half, feature=feature, p=p)


GAP = number("selection_rate_difference", -0.20, -0.24, -0.16)
WHOLE = "Female is selected 20.0 points less often than Male. "


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (  # one column tells three quarters, the second the rest
            [share("job", -0.15, 0.02), share("age", -0.05, 0.02)],
            "job widens it by 15.0 points (95% interval 13.0 to 17.0) and age by 5.0 points (95% "
            "interval 3.0 to 7.0).",
        ),
        (  # four fifths are enough
            [share("job", -0.17, 0.02), share("age", -0.02, 0.01), share("home", -0.01, 0.005)],
            "job widens it by 17.0 points (95% interval 15.0 to 19.0); the other 2 columns together "
            "widen it by 3.0 points.",
        ),
        (  # more than the whole gap: what narrows it is named as well
            [share("job", 0.30, 0.02), share("age", -0.50, 0.02)],
            "age widens it by 50.0 points (95% interval 48.0 to 52.0), while job narrows it by 30.0 "
            "points (95% interval 28.0 to 32.0).",
        ),
        (  # a little more than the whole gap, as seen in a credit model
            [share("district", -0.22, 0.01), share("home", 0.02, 0.01)],
            "district widens it by 22.0 points (95% interval 21.0 to 23.0); the other column "
            "narrows it by 2.0 points.",
        ),
        (  # two columns were looked at: 0.03 is no more than one in seventeen
            [share("job", -0.15, 0.14, 0.03), share("age", -0.05, 0.1, 0.4)],
            "No column stands out as its reason; it may be spread over many.",
        ),
        (  # what goes the other way is no reason by itself
            [share("job", 0.15, 0.02), share("age", -0.35, 0.4, 0.4)],
            "No column stands out as its reason; it may be spread over many.",
        ),
        (
            [share(f"c{k}", -0.02, 0.001) for k in range(10)],
            "It is spread over many columns; the largest parts: c0 widens it by 2.0 points (95% "
            "interval 1.9 to 2.1), c1 by 2.0 points (95% interval 1.9 to 2.1) and c2 by 2.0 points "
            "(95% interval 1.9 to 2.1); the other 7 columns together widen it by 14.0 points.",
        ),
    ],
)
def test_a_gap_is_laid_on_columns_in_words(shares, said):
    assert render_gap(GAP, shares) == WHOLE + said


def test_the_gap_of_the_policy_says_the_same_as_the_difference():
    gap = number("selection_rate_gap", 0.20, 0.16, 0.24, p=1e-9)
    shares = [share("job", -0.15, 0.02), share("age", -0.05, 0.02)]
    assert render_gap(gap, shares) == render_gap(GAP, shares)


@given(
    st.floats(0.01, 0.6),
    st.lists(st.tuples(st.floats(-0.3, 0.3), st.booleans()), min_size=1, max_size=12),
)
def test_columns_tell_four_fifths_or_it_is_said_that_they_do_not(gap, parts):
    shares = [
        share(f"c{k}", value, 0.001, 1e-9 if sure else 0.9) for k, (value, sure) in enumerate(parts)
    ]
    named = choose_columns(gap, shares)
    assert len(named) <= MAX_NAMED
    assert all((item.p_value or 1) * len(shares) < 0.05 for item in named)
    if named:
        assert (named[0].value or 0) > 0
    plain = number("selection_rate_gap", gap, gap - 0.001, gap + 0.001, p=1e-9)
    said = render_gap(plain, shares) or ""
    told = sum(item.value or 0 for item in named)
    # `plain` is turned: the group is selected less often, and shares of the other sign widen it.
    turned = [share(f"c{k}", -(item.value or 0), 0.001, item.p_value or 1)
              for k, item in enumerate(shares)]  # fmt: skip
    said = render_gap(plain, turned) or ""
    assert ("spread over many" in said) == (not named or abs(gap - told) > (1 - TOLD) * gap)


@pytest.mark.parametrize(
    ("p", "doubt"),
    [
        (None, "no more than chance alone could explain"),
        (0.31, "no more than chance alone could explain (p = 0.310)"),
        (0.004, "not sure (p = 0.004, but its interval holds 0)"),
    ],
)
def test_chance_explains_only_where_the_test_alone_says_so(p, doubt):
    small = number("selection_rate_difference", -0.02, -0.06, 0.02, p=p)
    assert render_doubt(small) == doubt
    assert render_gap(small, [share("job", -0.15, 0.02)]) == (
        f"Female is selected 2.0 points less often than Male; that is {doubt}, so no column is "
        "named."
    )


def test_what_remains_with_columns_held_fixed():
    held = number("conditional_selection_rate_difference", -0.02, -0.06, 0.02, p=0.3)
    held = held.model_copy(update={"slice": "with job held fixed"})
    assert render_conditional(held, GAP) == (
        "With job held fixed, Female is selected 2.0 points less often than Male (95% interval "
        "−6.0 to 2.0), against 20.0 points less often without; what remains is no more than chance "
        "alone could explain (p = 0.300)."
    )


def test_without_numbers_nothing_is_said():
    absent = GAP.model_copy(update={"estimate": None, "unavailable": Unavailable(reason="no")})
    assert render_gap(absent, [share("job", -0.1, 0.02)]) is None
    assert render_gap(GAP, []) is None
