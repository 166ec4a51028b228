"""Bands, rules for one group, bounds that intervals have to clear, waivers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Direction, Measurement, Unit, measurement_id
from audits.core.report.verdict import Cause, Status, Verdict, Waiver
from audits.policy.judging.judge import compute_verdicts
from audits.policy.rule import Policy

DAY = date(2026, 11, 30)
WAIVER = {"rule": "r", "reason": "appeal", "owner": "Ann", "expires": "2026-12-31"}


def judge(
    rule: dict[str, object], *items: Measurement, day: date | None = DAY, **more: object
) -> tuple[Verdict, ...]:
    rules = [{"name": "r", "title": "R"} | rule]
    policy = Policy.model_validate({"name": "p", "title": "p", "rules": rules} | more)
    return compute_verdicts(policy, items, day)


def own(
    value: float, half: float = 0.01, metric: str = "selection_rate", group: str | None = "F",
    attribute: str | None = "sex", unit: Unit = "share", direction: Direction = "none",
) -> Measurement:  # fmt: skip
    estimate = Estimate(value=value, low=value - half, high=value + half, n=900, method="wilson",
                        confidence=0.95)  # fmt: skip
    return Measurement(
        id=measurement_id(metric, attribute, group), check="c", metric=metric, unit=unit,
        attribute=attribute, group=group, estimate=estimate, direction=direction,
    )  # fmt: skip


def gap(
    value: float, half: float, p_value: float, group: str = "F", attribute: str = "sex",
    metric: str = "accuracy_gap", reference: str = "M",
) -> Measurement:  # fmt: skip
    estimate = Estimate(value=value, low=value - half, high=value + half, n=900, method="dunnett",
                        confidence=0.95)  # fmt: skip
    return Measurement(
        id=measurement_id(metric, attribute, group, reference), check="c", metric=metric,
        attribute=attribute, group=group, reference_group=reference, estimate=estimate,
        p_value=p_value, unit="points", direction="closer_to_zero",
    )  # fmt: skip


BAND = {"metric": "selection_rate", "fail_below": 0.2, "warn_below": 0.3, "warn_above": 0.6,
        "fail_above": 0.7}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "status", "bound"),
    [
        (0.15, Status.FAIL, 0.2), (0.25, Status.WARN, 0.3), (0.31, Status.PASS, 0.3),
        (0.59, Status.PASS, 0.6), (0.65, Status.WARN, 0.6), (0.75, Status.FAIL, 0.7),
    ],
)  # fmt: skip
def test_a_band_has_two_sides(value: float, status: Status, bound: float) -> None:
    (verdict,) = judge(BAND, own(value))
    assert verdict.status is status
    if status is not Status.PASS:
        assert verdict.threshold == bound


@given(
    st.floats(0.02, 0.98), st.floats(0.001, 0.02),
    st.lists(st.integers(5, 95), min_size=4, max_size=4, unique=True).map(sorted),
)  # fmt: skip
def test_a_band_judges_as_its_definition_says(value: float, half: float, at: list[int]) -> None:
    """Independent of the code: sure beyond a bound where the whole interval is, of one group."""
    fail_below, warn_below, warn_above, fail_above = (percent / 100 for percent in at)
    rule = {"metric": "selection_rate", "fail_below": fail_below, "warn_below": warn_below,
            "warn_above": warn_above, "fail_above": fail_above, "scope": "overall"}  # fmt: skip
    (verdict,) = judge(rule, own(value, half, group=None, attribute=None))
    low, high = value - half, value + half
    if value < fail_below or value > fail_above:
        sure = high < fail_below or low > fail_above
        expected = Status.FAIL if sure else Status.INSUFFICIENT
    elif value < warn_below or value > warn_above:
        sure = high < warn_below or low > warn_above
        expected = Status.WARN if sure else Status.INSUFFICIENT
    else:
        expected = Status.PASS
    assert verdict.status is expected


@pytest.mark.parametrize(("value", "alone", "band"), [
    (-0.2, Status.FAIL, Status.PASS), (0.2, Status.FAIL, Status.FAIL),
    (-0.4, Status.FAIL, Status.FAIL), (0.05, Status.PASS, Status.PASS),
])  # fmt: skip
def test_in_a_band_each_side_bounds_the_value_itself(
    value: float, alone: Status, band: Status
) -> None:
    item = gap(value, 0.01, 1e-9, metric="accuracy_difference")
    upper = {"metric": "accuracy_difference", "fail_above": 0.1}
    assert judge(upper, item)[0].status is alone
    assert judge(upper | {"fail_below": -0.3}, item)[0].status is band


def test_an_upper_bound_of_what_is_no_difference_is_of_the_value() -> None:
    item = own(-200, 1, "mean_outcome", group=None, attribute=None, unit="target")
    rule = {"metric": "mean_outcome", "scope": "overall", "fail_above": 100}
    assert judge(rule, item)[0].status is Status.PASS


GAPS = (
    gap(0.2, 0.05, 1e-6), gap(0.2, 0.05, 1e-6, "Black", "race", reference="White"),
    gap(0.2, 0.05, 1e-6, "Asian", "race", reference="White"),
    gap(0.2, 0.05, 1e-6, "F & Black", "sex & race", reference="M & White"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "judged"),
    [
        ({}, {"F", "Black", "Asian", "F & Black"}),
        ({"attribute": "race"}, {"Black", "Asian"}),
        ({"attribute": "race", "group": "Black"}, {"Black"}),
        ({"attribute": "sex & race"}, {"F & Black"}),
        ({"scope": "attribute"}, {"F", "Black", "Asian"}),
    ],
)
def test_a_rule_of_one_attribute_or_group_judges_no_other(limit, judged) -> None:
    verdicts = judge({"metric": "accuracy_gap", "fail_above": 0.1} | limit, *GAPS)
    by_id = {item.id: item for item in GAPS}
    assert {by_id[verdict.measurement].group for verdict in verdicts} == judged
    assert {verdict.comparisons for verdict in verdicts} == {len(judged)}


def test_a_rule_for_one_group_counts_its_comparisons_alone() -> None:
    """The p-value that is too large beside many comparisons is enough for one."""
    items = tuple(gap(0.2, 0.05, 0.02, name) for name in "FGHK")
    rule = {"metric": "accuracy_gap", "fail_above": 0.1}
    assert {v.status for v in judge(rule, *items)} == {Status.INSUFFICIENT}
    (verdict,) = judge(rule | {"attribute": "sex", "group": "F"}, *items)
    assert verdict.status is Status.FAIL
    assert verdict.adjusted == pytest.approx(0.02)


def test_of_groups_chosen_by_looking_one_is_tested_to_two_sides() -> None:
    items = tuple(gap(0.2, 0.05, 0.02, name, metric="true_positive_rate_gap") for name in "FGHK")
    rule = {"metric": "equal_opportunity_difference", "fail_above": 0.1, "attribute": "sex"}
    (verdict,) = judge(rule | {"group": "F"}, *items)
    assert (verdict.status, verdict.adjusted) == (Status.FAIL, pytest.approx(0.02))


INTERVAL = {"metric": "accuracy_gap", "fail_above": 0.2, "warn_above": 0.1, "bound": "interval"}


@pytest.mark.parametrize(
    ("value", "half", "status", "bound"),
    [
        (0.30, 0.05, Status.FAIL, 0.2), (0.30, 0.15, Status.WARN, 0.1),
        (0.30, 0.25, Status.INSUFFICIENT, 0.1), (0.15, 0.02, Status.WARN, 0.1),
        (0.15, 0.10, Status.INSUFFICIENT, 0.1), (0.05, 0.20, Status.PASS, 0.1),
    ],
)  # fmt: skip
def test_the_whole_interval_has_to_clear_the_bound(value, half, status, bound) -> None:
    (verdict,) = judge(INTERVAL, gap(value, half, 1e-6))
    assert verdict.status is status
    if status is Status.INSUFFICIENT:
        assert verdict.cause is Cause.UNCERTAIN
        assert "its interval reaches within the limit" in verdict.reason
        assert "chance" not in verdict.reason
    if status in (Status.FAIL, Status.WARN):
        assert verdict.threshold == bound


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.4), st.floats(0, 1))
def test_asking_for_the_interval_never_fails_more(value: float, half: float, p: float) -> None:
    item = gap(value, half, p, metric="accuracy_difference")
    rule = {"metric": "accuracy_difference", "fail_above": 0.2, "warn_above": 0.1}
    order = (Status.PASS, Status.INSUFFICIENT, Status.WARN, Status.FAIL)
    by_estimate, by_interval = (
        judge(rule | {"bound": bound}, item)[0].status for bound in ("estimate", "interval")
    )
    assert order.index(by_interval) <= order.index(by_estimate)


FAILS = {"metric": "accuracy_gap", "fail_above": 0.1}


@pytest.mark.parametrize(
    ("waiver", "waived"),
    [
        ({}, {"F", "Black", "Asian", "F & Black"}),
        ({"attribute": "race"}, {"Black", "Asian"}),
        ({"attribute": "race", "group": "Asian"}, {"Asian"}),
        ({"attribute": "sex & race", "group": "F & Black"}, {"F & Black"}),
        ({"rule": "other"}, set()),
        ({"expires": "2026-11-30"}, {"F", "Black", "Asian", "F & Black"}),
        ({"expires": "2026-11-29"}, set()),
    ],
)
def test_a_waiver_is_laid_on_what_it_is_of_until_its_day(waiver, waived) -> None:
    verdicts = judge(FAILS, *GAPS, waivers=[WAIVER | waiver])
    by_id = {item.id: item for item in GAPS}
    assert {v.status for v in verdicts} == {Status.FAIL}  # it is no pass
    assert {by_id[v.measurement].group for v in verdicts if v.waiver is not None} == waived


def test_what_is_kept_or_not_told_has_no_waiver() -> None:
    for item in (gap(0.05, 0.01, 1e-6), gap(0.3, 0.5, 0.7)):
        (verdict,) = judge(FAILS, item, waivers=[WAIVER])
        assert verdict.status in (Status.PASS, Status.INSUFFICIENT)
        assert verdict.waiver is None


def test_without_a_day_no_waiver_holds() -> None:
    assert judge(FAILS, GAPS[0], waivers=[WAIVER], day=None)[0].waiver is None


def test_the_waiver_of_the_fewest_groups_is_named() -> None:
    waivers = [WAIVER, WAIVER | {"attribute": "sex", "owner": "Bob"},
               WAIVER | {"attribute": "sex", "group": "F", "owner": "Eve"}]  # fmt: skip
    (verdict,) = judge(FAILS, GAPS[0], waivers=waivers)
    assert verdict.waiver == Waiver.model_validate(waivers[2])


def test_policies_of_older_reports_are_read() -> None:
    """As reports kept them before there were bands, waivers and checks against the catalogue."""
    stored = {
        "name": "four-fifths", "title": "t", "alpha": 0.05, "min_rows": 30,
        "rules": [
            {"name": "r", "title": "R", "metric": "gone_since", "scope": "groups",
             "fail_below": 0.9, "warn_below": 0.8, "fail_above": None, "warn_above": None,
             "only_while_below": {}, "source": ""},
        ],
    }  # fmt: skip
    policy = Policy.model_validate(stored)
    assert (policy.waivers, policy.least_judged, policy.rules[0].bound) == ((), 0, "estimate")
    old = {"rule": "r", "status": "fail", "measurement": "m", "threshold": 0.8, "reason": "x"}
    assert Verdict.model_validate(old).waiver is None
