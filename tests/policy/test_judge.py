"""Verdicts: a breach needs a bound, enough rows and more than chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.core.errors import InputError
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.verdict import Status
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import list_presets, load_policy
from audits.policy.rule import Policy

RULE = {"name": "r", "title": "t", "metric": "impact_ratio", "fail_below": 0.8, "warn_below": 0.9}
GAP = {"name": "g", "title": "t", "metric": "equalized_odds_difference", "fail_above": 0.1}


def policy(*rules: dict[str, object], **more: object) -> Policy:
    return Policy.model_validate({"name": "p", "title": "p", "rules": rules or [RULE]} | more)


def count(group: str, n: int, attribute: str = "sex") -> Measurement:
    return Measurement(
        id=measurement_id("count", attribute, group), check="data.profile", metric="count",
        attribute=attribute, group=group, estimate=Estimate.exact(n, n), unit="count",
        direction="none",
    )  # fmt: skip


def ratio(
    value: float, p: float | None, group: str = "F", reference: str = "M", **more
) -> Measurement:
    fields = {
        "id": measurement_id("impact_ratio", "sex", group, reference), "check": "c",
        "metric": "impact_ratio", "attribute": "sex", "group": group, "reference_group": reference,
        "unit": "ratio", "direction": "closer_to_one", "p_value": p,
        "estimate": Estimate(value=value, low=value - 0.05, high=value + 0.05, n=500,
                             method="mover", confidence=0.95),
    } | more  # fmt: skip
    return Measurement(**fields)


SIZES = (count("F", 200), count("M", 300), count("X", 12))


@pytest.mark.parametrize(
    ("value", "p", "status"),
    [
        (0.79, 0.001, Status.FAIL),
        (0.79, 0.2, Status.INSUFFICIENT),
        (0.80, 0.001, Status.WARN),
        (0.85, 0.3, Status.INSUFFICIENT),
        (0.90, 0.001, Status.PASS),
        (1.20, 0.001, Status.PASS),
    ],
)
def test_a_breach_counts_where_chance_does_not_explain_it(value, p, status) -> None:
    (verdict,) = compute_verdicts(policy(), (*SIZES, ratio(value, p)))
    assert verdict.status is status
    assert verdict.reason.startswith("F: selected")


def test_small_groups_are_not_judged_whatever_their_number() -> None:
    (verdict,) = compute_verdicts(policy(), (*SIZES, ratio(0.1, 1e-9, group="X")))
    assert verdict.status is Status.INSUFFICIENT
    assert "X has 12 rows; groups under 30 are not judged" in verdict.reason
    (verdict,) = compute_verdicts(policy(), (*SIZES, ratio(0.1, 1e-9, group="F", reference="X")))
    assert verdict.status is Status.INSUFFICIENT


@pytest.mark.parametrize(("persons", "status"), [(0.9, Status.INSUFFICIENT), (1.0, Status.FAIL)])
def test_one_different_selection_that_turns_the_result_round_is_no_failure(persons, status) -> None:
    shortfall = ratio(
        0.5, None, id=measurement_id("selection_shortfall", "sex", "F", "M"),
        metric="selection_shortfall", estimate=Estimate.exact(persons, 500), unit="count",
    )  # fmt: skip
    (verdict,) = compute_verdicts(policy(), (*SIZES, ratio(0.5, 0.001), shortfall))
    assert verdict.status is status
    assert ("one different selection" in verdict.reason) is (status is Status.INSUFFICIENT)


def test_many_comparisons_are_adjusted_within_their_attribute() -> None:
    sizes = tuple(count(f"g{k}", 200) for k in range(10))
    family = tuple(ratio(0.7, 0.02, group=f"g{k}", reference="M") for k in range(9))
    verdicts = compute_verdicts(policy(), (*sizes, count("M", 900), *family))
    assert {verdict.status for verdict in verdicts} == {Status.INSUFFICIENT}
    (alone,) = compute_verdicts(policy(), (*sizes, count("M", 900), family[0]))
    assert alone.status is Status.FAIL


def test_gaps_are_bounded_from_above_and_worst_comes_first() -> None:
    wide = ratio(
        0.2, 0.001, id="equalized_odds_difference[sex]", metric="equalized_odds_difference",
        unit="points", direction="closer_to_zero",
    )  # fmt: skip
    verdicts = compute_verdicts(policy(RULE, GAP), (*SIZES, ratio(1.0, 0.9), wide))
    assert [(verdict.rule, verdict.status) for verdict in verdicts] == [
        ("g", Status.FAIL), ("r", Status.PASS),
    ]  # fmt: skip


def test_a_number_that_is_not_there_is_not_applicable() -> None:
    absent = ratio(1, None, estimate=None, unavailable=Unavailable(reason="nobody was selected"))
    (verdict,) = compute_verdicts(policy(), (*SIZES, absent))
    assert verdict.status is Status.NOT_APPLICABLE
    assert "nobody was selected" in verdict.reason


def test_every_preset_is_a_policy_with_sources() -> None:
    assert "four-fifths" in list_presets()
    for name in list_presets():
        found = load_policy(name, None)
        assert found.name == name
        assert all(rule.source for rule in found.rules)


def test_bad_policies_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'four-fifth' is unknown; did you mean 'four-fifths'"):
        load_policy("four-fifth", None)
    file = tmp_path / "p.toml"
    file.write_text('name = "x"\ntitle = "x"\n[[rules]]\nname = "a"\ntitle = "a"\nmetric = "f1"\n')
    with pytest.raises(InputError, match=r"p\.toml, line 3: rule .a. needs a bound"):
        load_policy(None, file)
    file.write_text("name = \n")
    with pytest.raises(InputError, match="line 1"):
        load_policy(None, file)


def strongest(value: float) -> Measurement:
    return ratio(
        value, None, id="strongest_column_auc@column=fee", metric="strongest_column_auc",
        attribute=None, group=None, reference_group=None, slice="column=fee", unit="score",
        estimate=Estimate(value=value, low=value - 0.01, high=value + 0.01, n=500, method="m",
                          confidence=0.95),
    )  # fmt: skip


def typical(value: float | None) -> Measurement:
    result = (
        {"estimate": None, "unavailable": Unavailable(reason="the model has one column only")}
        if value is None
        else {"estimate": Estimate.exact(value, 500)}
    )
    return ratio(
        0.5, None, id="typical_column_auc", metric="typical_column_auc", attribute=None,
        group=None, reference_group=None, unit="score", **result,
    )  # fmt: skip


@pytest.mark.parametrize("preset", list_presets())
@pytest.mark.parametrize(
    ("value", "other", "status"),
    [
        (0.98, 0.6, Status.WARN),
        (0.98, None, Status.WARN),  # one column alone: nothing says that the others are as good
        (0.98, 0.85, Status.PASS),
        (0.955, 0.6, Status.INSUFFICIENT),
        (0.9, 0.6, Status.PASS),
    ],
)
def test_a_rule_may_hold_only_while_another_number_is_low(preset, value, other, status) -> None:
    items = (strongest(value), typical(other))
    (verdict,) = compute_verdicts(load_policy(preset, None), items)
    assert (verdict.rule, verdict.status) == ("leakage", status)
    assert verdict.reason.startswith("fee: AUC of the strongest column is ")
    if other == 0.85:
        assert "but AUC of the typical other column is 0.850" in verdict.reason
