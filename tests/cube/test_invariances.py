"""What must not change a number: row order, names of groups, weights of two for rows twice, a
round trip through the evidence file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.cube.cube import Cube
from audits.cube.metrics import available_metrics
from audits.cube.rates import RATES
from audits.cube.thresholds import move_threshold, tabulate_thresholds
from audits.cube.view import compute_view


def numbers(cube: Cube, attributes: tuple[str, ...] = ("sex",)) -> dict[str, list[float]]:
    view = compute_view(cube, attributes)
    return {
        metric.name: metric.compute(view, np.random.default_rng(0)).value.round(12).tolist()
        for metric in available_metrics(view)
    }


def same(one: dict[str, list[float]], other: dict[str, list[float]]) -> None:
    for name, values in one.items():
        assert other[name] == pytest.approx(values, abs=1e-9), name


def test_row_order_does_not_matter(count, rows, cube) -> None:
    same(numbers(cube), numbers(count(rows.sample(frac=1, random_state=1))))


def test_names_of_groups_do_not_matter(count, rows, cube) -> None:
    renamed = rows.assign(sex=rows.sex.map({"Female": "<b>ÿ</b>", "Male": "|~"}))
    same(numbers(cube), numbers(count(renamed)))


def test_weight_two_is_the_row_twice(count, rows) -> None:
    weights = np.random.default_rng(2).integers(1, 4, len(rows))
    weighted = count(rows.assign(weight=weights.astype(float)))
    repeated = count(rows.loc[rows.index.repeat(weights)])
    same(numbers(weighted), numbers(repeated))


def test_cube_comes_back_from_its_table(cube) -> None:
    again = Cube.from_table(cube.to_table())
    assert again.to_table().equals(cube.to_table())
    assert again.rows == cube.rows
    same(numbers(cube), numbers(again))


def test_rows_without_outcome_count_for_selection_only(count, rows, cube) -> None:
    unknown = rows.assign(y_true=rows.y_true.astype("float").where(rows.index >= 100))
    found = numbers(count(unknown), ())
    assert found["selection_rate"] == numbers(cube, ())["selection_rate"]
    known = numbers(count(rows[rows.index >= 100]), ())
    assert found["true_positive_rate"] == pytest.approx(known["true_positive_rate"])


def test_many_scores_are_binned_and_the_auc_stays_within_its_bound(count) -> None:
    from sklearn.metrics import roc_auc_score

    from audits.cube.ranking import compute_auc, compute_auc_bound

    draw = np.random.default_rng(5)
    n = 80_000
    y_true = (draw.random(n) < 0.2).astype(np.int32)
    score = 1 / (1 + np.exp(-draw.normal(-1 + y_true, 1)))
    frame = pd.DataFrame({"y_true": y_true, "y_score": score, "sex": "x", "race": "y"})
    cube = count(frame.assign(y_pred=(score >= 0.5).astype(np.int32)))
    assert not cube.exact_scores
    counts = compute_view(cube).scored[0]
    bound = compute_auc_bound(counts)
    assert bound < 1e-4
    assert abs(compute_auc(counts)[0] - roc_auc_score(y_true, score)) <= bound
    assert numbers(cube, ())["brier_score"][0] == pytest.approx(((score - y_true) ** 2).mean())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(threshold=st.floats(0, 1))
def test_any_threshold_equals_deciding_the_rows_anew(cube, rows, threshold) -> None:
    moved = compute_view(move_threshold(cube, threshold), ("sex",))
    for position, sex in enumerate(moved.labels):
        part = rows[rows.sex == sex]
        expected = float((part.y_score >= threshold).mean())
        assert RATES["selection_rate"].share(moved.weight)[position] == pytest.approx(expected)


def test_threshold_table_equals_single_thresholds(cube) -> None:
    view = compute_view(cube, ("sex", "race"))
    thresholds = np.linspace(0, 1, 21)
    table = tabulate_thresholds(view, thresholds)
    for threshold, confusion in zip(thresholds, table, strict=True):
        moved = compute_view(move_threshold(cube, threshold), ("sex", "race"))
        np.testing.assert_allclose(confusion, moved.weight)


def test_edge_groups_have_a_named_outcome_and_never_nan(count) -> None:
    frame = pd.DataFrame(
        {
            "y_true": [1, 1, 0, 0, 1, 1], "y_pred": [1, 1, 0, 0, 1, 1],
            "y_score": [0.9, 0.8, 0.1, 0.2, 1.0, 1.0], "sex": ["", "", "", "", "one class", "é"],
            "race": "x", "weight": [1.0, 1, 1, 1, 1, 0],
        }
    )  # fmt: skip
    view = compute_view(count(frame), ("sex",))
    assert view.labels == ("", "one class", "é")
    for metric in available_metrics(view):
        values = metric.compute(view, np.random.default_rng(0))
        for position in range(3):
            result = values.result(position, metric.undefined)
            assert (
                hasattr(result, "reason")
                or np.isfinite([result.value, result.low, result.high]).all()
            )
    auc = next(m for m in available_metrics(view) if m.name == "roc_auc")
    alone = auc.compute(view, np.random.default_rng(0)).result(1, auc.undefined)
    assert alone.reason == "needs rows of both true outcomes"
