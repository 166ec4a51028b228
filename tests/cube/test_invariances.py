"""What must not change a number: row order, names of groups, weights of two for rows twice, a
round trip through the evidence file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from audits.checks.base import build_measurement
from audits.core.report.measurement import Measurement
from audits.cube.counts.cube import Cube
from audits.cube.counts.merge import merge_cubes
from audits.cube.counts.view import compute_view
from audits.cube.metrics import available_metrics
from audits.cube.rates import RATES
from audits.cube.thresholds import tabulate_thresholds
from tests.cube.moved import move_threshold


def numbers(cube: Cube, attributes: tuple[str, ...] = ("sex",)) -> dict[str, list[float]]:
    view = compute_view(cube, attributes)
    return {
        metric.name: metric.compute(view, np.random.default_rng(0)).value.round(12).tolist()
        for metric in available_metrics(view)
    }


def same(one: dict[str, list[float]], other: dict[str, list[float]]) -> None:
    for name, values in one.items():
        assert other[name] == pytest.approx(values, abs=1e-9, nan_ok=True), name


TASKS = ("binary", "multiclass", "regression")
ANY = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
SMALL = st.builds(
    lambda task, n, seed: (task, make_task(task, n, seed)),
    st.sampled_from(TASKS),
    st.integers(2, 60),
    st.integers(0, 2**32 - 1),
)
"""A few rows of any task: small enough for empty groups, single classes and ties to occur."""


def make_task(task: str, n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"sex": draw.choice(["Female", "Male", ""], n), "race": "x"})
    if task == "regression":
        frame["y_true"] = draw.normal(50, 10, n).round(1)
        return frame.assign(y_pred=frame.y_true + draw.normal(0, 5, n).round(1))
    if task == "binary":
        frame["y_score"] = draw.random(n).round(1)
        frame["y_true"] = (draw.random(n) < frame.y_score).astype(np.int32)
        return frame.assign(y_pred=(frame.y_score >= 0.5).astype(np.int32))
    scores = draw.dirichlet([1, 1, 1], n)
    for position, name in enumerate("abc"):
        frame[f"y_score[{name}]"] = scores[:, position]
    frame["y_true"] = draw.choice(list("abc"), n)
    return frame.assign(y_pred=np.array(list("abc"))[scores.argmax(1)])


def count_task(count, task: str, frame: pd.DataFrame) -> Cube:
    classes = ("a", "b", "c") if task == "multiclass" else ()
    return count(frame, task=task, classes=classes, threshold=0.5 if task == "binary" else None)


def in_order(found: dict[str, list[float]], order: list[int]) -> dict[str, list[float]]:
    return {name: [values[i] for i in order] for name, values in found.items()}


@ANY
@given(case=SMALL, seed=st.integers(0, 1000))
def test_row_order_does_not_matter(count, case, seed: int) -> None:
    task, frame = case
    shuffled = count_task(count, task, frame.sample(frac=1, random_state=seed))
    assert shuffled.to_table().equals(count_task(count, task, frame).to_table())


@ANY
@given(case=SMALL, names=st.lists(st.text(max_size=8), min_size=3, max_size=3, unique=True))
def test_names_of_groups_do_not_matter(count, case, names: list[str]) -> None:
    task, frame = case
    names = [name.encode("utf-8", "ignore").decode() for name in names]
    assume(len(set(names)) == 3 and not any("\0" in name for name in names))
    new = dict(zip(("", "Female", "Male"), names, strict=True))
    renamed = frame.assign(sex=frame.sex.map(new))
    here = sorted(frame.sex.unique())
    there = sorted(renamed.sex.unique())
    order = [there.index(new[name]) for name in here]
    found = numbers(count_task(count, task, renamed))
    same(numbers(count_task(count, task, frame)), in_order(found, order))


@ANY
@given(case=SMALL, seed=st.integers(0, 1000))
def test_weight_two_is_the_row_twice(count, case, seed: int) -> None:
    task, frame = case
    weights = np.random.default_rng(seed).integers(1, 4, len(frame))
    weighted = count_task(count, task, frame.assign(weight=weights.astype(float)))
    repeated = count_task(count, task, frame.loc[frame.index.repeat(weights)])
    same(numbers(weighted), numbers(repeated))


@ANY
@given(case=SMALL, cut=st.floats(0.01, 0.99))
def test_split_and_merged_is_the_whole(count, case, cut: float) -> None:
    task, frame = case
    place = min(max(int(len(frame) * cut), 1), len(frame) - 1)
    parts = [count_task(count, task, part) for part in (frame[:place], frame[place:])]
    same(numbers(merge_cubes(parts)), numbers(count_task(count, task, frame)))


@ANY
@given(case=SMALL)
def test_cube_comes_back_from_its_table(count, case) -> None:
    task, frame = case
    cube = count_task(count, task, frame)
    again = Cube.from_table(cube.to_table())
    assert again.to_table().equals(cube.to_table())
    assert again.rows == len(frame)
    same(numbers(cube), numbers(again))


@ANY
@given(case=SMALL)
def test_measurements_come_back_from_json(count, case) -> None:
    task, frame = case
    view = compute_view(count_task(count, task, frame), ("sex",))
    for metric in available_metrics(view):
        values = metric.compute(view, np.random.default_rng(0))
        for position, group in enumerate(view.labels):
            item = build_measurement(
                "c", metric.name, values.result(position, metric.undefined), unit=metric.unit,
                direction=metric.direction, attribute="sex", group=group,
            )  # fmt: skip
            assert Measurement.model_validate_json(item.model_dump_json()) == item


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


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
