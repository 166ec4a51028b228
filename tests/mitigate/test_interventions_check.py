"""The check: what it measures, when it does not apply, and that it repeats from the cube."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from audits.checks.base import CubeContext
from audits.checks.fairness.interventions import AIMS, compute_interventions
from audits.core.errors import CheckNotApplicableError
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.cube import UNKNOWN, Cube
from audits.mitigate.remedies import name_intervention

helpers = import_module("tests.mitigate.conftest")


def make_spec(**mitigate: float) -> AuditSpec:
    return AuditSpec.model_validate(
        {
            "audit": {"name": "teams"},
            "data": {"path": "x.csv", "target": "y", "positive": "1", "protected": ["team"]},
            "model": {"path": "m.skops"},
            "mitigate": mitigate,
        }
    )


def test_every_goal_is_measured_before_and_after(drawn: Cube) -> None:
    found = compute_interventions(CubeContext(make_spec(), drawn)).measurements
    by_id = {item.id: item for item in found}
    assert len(by_id) == len(found)
    for goal in AIMS:
        for by_group in (True, False):
            name = name_intervention(goal, "team", by_group=by_group)
            for metric in ("gap_before", "gap_after", "accuracy_before", "accuracy_after",
                           "accuracy_change"):  # fmt: skip
                assert f"{metric}[team]@{name}" in by_id
    parity = name_intervention("demographic_parity", "team", by_group=True)
    assert parity.text == "demographic parity, thresholds by team"
    before, after = (by_id[f"gap_{when}[team]@{parity}"] for when in ("before", "after"))
    assert after.value < before.value
    change = by_id[f"accuracy_change[team]@{parity}"]
    accuracy = [by_id[f"accuracy_{when}[team]@{parity}"].value for when in ("before", "after")]
    assert change.value == pytest.approx(accuracy[1] - accuracy[0])
    thresholds = [item for item in found if item.metric == "score_threshold"]
    assert {item.group for item in thresholds if item.part == parity} == {"a", "b", "c"}


def test_the_stored_cube_gives_the_same_numbers(drawn: Cube) -> None:
    stored = Cube.from_table(drawn.to_table())
    context, again = CubeContext(make_spec(), drawn), CubeContext(make_spec(), stored)
    assert compute_interventions(context) == compute_interventions(again)


def test_the_gap_allowed_is_the_settings(drawn: Cube) -> None:
    name = "accuracy_after[team]@demographic parity, thresholds by team"
    values = [
        next(
            item.value
            for item in compute_interventions(CubeContext(make_spec(gap=gap), drawn)).measurements
            if item.id == name
        )
        for gap in (0.0, 1.0)
    ]
    assert values[0] < values[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y_true": UNKNOWN}, "no true outcome"),
        ({"score_bin": UNKNOWN}, "no scores"),
    ],
)
def test_without_scores_or_truth_it_does_not_apply(
    drawn: Cube, change: dict[str, int], words: str
) -> None:
    codes = {
        name: np.full_like(code, change[name]) if name in change else code
        for name, code in drawn.codes.items()
    }
    with pytest.raises(CheckNotApplicableError, match=words):
        compute_interventions(CubeContext(make_spec(), replace(drawn, codes=codes)))


def test_one_group_alone_does_not_apply() -> None:
    cube = helpers.make_cube([(0, 1, 3), (0, 0, 2), (0, 0, 1)] * 9)
    with pytest.raises(CheckNotApplicableError, match="one group only"):
        compute_interventions(CubeContext(make_spec(), cube))


def test_tiny_data_has_reasons_in_place_of_numbers() -> None:
    cube = helpers.make_cube([(0, 1, 3), (1, 0, 2), (0, 0, 1), (1, 0, 1)] * 4)
    for item in compute_interventions(CubeContext(make_spec(), cube)).measurements:
        assert (item.estimate is None) != (item.unavailable is None)
