"""Numbers for people: three significant digits, one minus, no lie by rounding."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from audits.core.format import (
    format_count,
    format_interval,
    format_p,
    format_precise,
    format_reason,
    format_time,
    format_value,
    plain_text,
)
from audits.core.report.estimate import Estimate, Unavailable


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.3619, "share", "36.2%"),
        (0.0, "share", "0%"),
        (-0.0, "share", "0%"),
        (1.0, "share", "100%"),
        (0.9996, "share", "99.96%"),
        (0.99999, "share", ">99.99%"),
        (0.0003, "share", "0.03%"),
        (0.000001, "share", "<0.01%"),
        (-0.1642, "points", "−16.4 points"),
        (0.0, "points", "0 points"),
        (0.78149, "ratio", "0.781"),
        (0.7996, "ratio", "0.800"),
        (-0.0, "score", "0.000"),
        (-0.00049, "score", "−4.9 × 10⁻⁴"),
        (3.17e-7, "score", "3.2 × 10⁻⁷"),
        (9.99e-8, "score", "1.0 × 10⁻⁷"),
        (15889, "count", "15,889"),
        (15889.5, "count", "15,889.5"),
        (1234.567, "target", "1,235"),
        (-12.5, "target", "−12.5"),
        (9.876, "target", "9.88"),
        (0.1234, "target", "0.123"),
        (1.624, "columns", "1.62"),
        (0.25, "seconds", "0.250 s"),
    ],
)
def test_value_is_written_for_people(value, style, text):
    assert format_value(value, style) == text


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9),
    st.sampled_from(["share", "points", "ratio", "score", "count", "target", "seconds", "nats"]),
)
def test_no_value_is_a_negative_zero_or_a_false_zero(value, style):
    text = format_value(value, style)
    digits = text.split("%")[0].split(" points")[0].split(" s")[0]
    zero = not digits.replace("−", "").strip("0.,")
    assert "-" not in text
    assert not (zero and text.startswith("−"))
    if style in ("score", "ratio", "nats", "target"):
        assert zero == (value == 0)


def test_the_smallest_float_has_a_text():
    assert format_value(5e-324, "ratio") == "4.9 × 10⁻³²⁴"
    assert format_value(-9.96e-5, "score") == "−1.0 × 10⁻⁴"


def test_interval_names_its_level_and_a_fact_has_none():
    estimate = Estimate(value=0.36, low=0.341, high=0.383, n=5421, method="wilson", confidence=0.95)
    assert format_interval(estimate, "share") == "95% interval 34.1% to 38.3%"
    assert format_interval(estimate, "points") == "95% interval 34.1 to 38.3"
    assert format_interval(Estimate.exact(3, 3), "count") == ""


def test_small_words():
    assert format_count(1234567) == "1,234,567"
    assert format_p(0.0004) == "p < 0.001"
    assert format_p(0.0005) == "p = 0.001"
    assert format_p(0.0123) == "p = 0.012"
    assert format_precise(0.36192345) == "0.361923"
    assert format_precise(-3.17e-7) == "−3.17 × 10⁻⁷"
    assert format_reason(Unavailable(reason="only 4 rows")) == "not measured: only 4 rows"
    assert format_time("2026-11-23T22:15:00+00:00") == "23 November 2026, 22:15 UTC"
    assert format_time("yesterday") == "yesterday"


def test_plain_text_hides_and_turns_nothing():
    assert plain_text("a\nb\tc") == "a b c"
    assert plain_text("abc\u202edef\x00") == "abc\ufffddef\ufffd"
    assert plain_text("größe 年齢") == "größe 年齢"
