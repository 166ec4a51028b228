"""Sentences on what moves groups and errors: the sign, the size, the interval and the test."""

from __future__ import annotations

import pytest

from audits.core.format import MINUS
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, Unit
from audits.findings.stories.drivers import list_tested, render_error_driver, render_group_push


def make(metric: str, value: float, p_value: float | None, unit: Unit = "difference",
         **names: str) -> Measurement:  # fmt: skip
    estimate = Estimate(
        value=value, low=value - 0.02, high=value + 0.02, n=1_234, method="mover_student_t",
        confidence=0.95,
    )  # fmt: skip
    return Measurement(
        id=f"{metric}{value}", check="explain.groups", metric=metric, slice="feature=street",
        estimate=estimate, p_value=p_value, unit=unit, direction="none", **names,
    )  # fmt: skip


PAIR = {"attribute": "team", "group": "B", "reference_group": "A"}


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("mean_attribution", -0.3, "street pushes the scores of B 0.300 lower than those of A"),
        ("mean_attribution", 0.3, "street pushes the scores of B 0.300 higher than those of A"),
        (
            "mean_absolute_attribution",
            0.3,
            "street moves the scores of B 0.300 more than those of A",
        ),
        (
            "mean_absolute_attribution",
            -0.3,
            "street moves the scores of B 0.300 less than those of A",
        ),
    ],
)
def test_a_push_has_its_sign(metric: str, value: float, words: str) -> None:
    told = render_group_push(make(f"{metric}_difference", value, 0.01, **PAIR))
    assert told.startswith(f"{words} (95% interval ")
    assert MINUS not in told
    assert told.endswith(", p = 0.010 alone, n = 1,234)")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.05, "nats", "worse: knowing it adds 0.050 to the log loss"),
        (-0.05, "nats", "better: knowing it takes 0.050 from the log loss"),
        (0.05, "score", "worse: knowing it adds 0.050 to the squared error"),
    ],
)
def test_an_error_driver_has_its_direction(value: float, unit: Unit, words: str) -> None:
    told = render_error_driver(make("mean_loss_attribution", value, 0.01, unit))
    assert told.startswith(f"street makes predictions {words} of a row on average (95%")
    assert MINUS not in told  # the interval is that of the size; the words tell the way
    of_group = make("mean_loss_attribution", value, None, unit, attribute="team", group="B")
    assert "makes predictions of B " in render_error_driver(of_group)


def test_only_what_a_test_supports_is_listed_the_largest_first() -> None:
    items = [make("m", 0.1, 0.01), make("m", -0.4, 0.02), make("m", 0.9, 0.06), make("m", 2, None)]
    assert [item.value for item in list_tested(items)] == [-0.4, 0.1]
