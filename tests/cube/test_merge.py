"""Cubes add up to the cube of the whole, in any order; coarsening and hiding lose what they say."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from audits.core.errors import InputError
from audits.cube.counts import build, merge
from audits.cube.counts.cube import Cube
from audits.cube.counts.merge import coarsen, merge_cubes, suppress_small_cells
from audits.cube.counts.view import compute_view
from audits.cube.ranking import compute_auc, compute_auc_bound
from tests.cube.conftest import make_rows

FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def equal(one: Cube, other: Cube) -> None:
    left, right = one.to_table(), other.to_table()
    assert left.schema.metadata == right.schema.metadata
    assert left.column_names == right.column_names
    for name in left.column_names:
        if name.endswith("_sum"):
            np.testing.assert_allclose(left[name].to_numpy(), right[name].to_numpy(), rtol=1e-12)
        else:
            assert left[name].equals(right[name]), name


@FEW
@given(cuts=st.lists(st.integers(1, 3999), min_size=1, max_size=4, unique=True))
def test_parts_add_up_to_the_whole(count, rows, cube, cuts) -> None:
    ends = [0, *sorted(cuts), len(rows)]
    parts = [count(rows[a:b]) for a, b in itertools.pairwise(ends)]
    equal(merge_cubes(parts), cube)
    equal(merge_cubes(parts[::-1]), cube)
    grouped = [merge_cubes(parts[: len(parts) // 2 or 1]), *parts[len(parts) // 2 or 1 :]]
    equal(merge_cubes(grouped), cube)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_parts_of_other_tasks_add_up(count, rows, task: str) -> None:
    draw = np.random.default_rng(1)
    frame = rows[["row", "sex", "race"]].copy()
    options: dict[str, object] = {"task": task, "threshold": None}
    if task == "regression":
        frame["y_true"] = draw.normal(1e5, 2e4, len(rows))
        frame["y_pred"] = frame.y_true + draw.normal(1, 5, len(rows))
    else:
        options["classes"] = ("a", "b", "c")
        probabilities = draw.dirichlet([2, 1, 1], len(rows))
        frame["y_true"] = draw.choice(["a", "b", "c"], len(rows))
        frame["y_pred"] = np.array(["a", "b", "c"])[probabilities.argmax(1)]
        for k, name in enumerate("abc"):
            frame[f"y_score[{name}]"] = probabilities[:, k]
    whole = count(frame, **options)
    equal(merge_cubes([count(frame[:1500], **options), count(frame[1500:], **options)]), whole)


def test_too_many_scores_together_are_binned_whatever_the_order(count, monkeypatch) -> None:
    monkeypatch.setattr(merge, "EXACT_SCORES", 1000)
    parts = []
    for seed in range(4):
        frame = make_rows(400, seed)
        frame["y_score"] = np.random.default_rng(seed).random(400)
        parts.append(count(frame))
    assert all(part.exact_scores for part in parts)
    first = merge_cubes(parts)
    assert first.score_bits == 16
    equal(merge_cubes(parts[::-1]), first)
    equal(merge_cubes([parts[0], merge_cubes(parts[1:])]), first)
    binned = coarsen(parts[0], 12)
    equal(merge_cubes([parts[1], binned, parts[2]]), merge_cubes([binned, *parts[1:3]]))


def test_coarsening_twice_is_coarsening_once(cube) -> None:
    equal(coarsen(coarsen(cube, 12), 7), coarsen(cube, 7))
    assert coarsen(cube, 7).rows == cube.rows
    assert len(coarsen(cube, 7).edges) <= 129


@FEW
@given(bits=st.integers(1, 14))
def test_the_auc_of_a_coarser_cube_stays_within_its_printed_bound(cube, bits) -> None:
    exact = compute_view(cube, ("sex",)).scored
    coarse = compute_view(coarsen(cube, bits), ("sex",)).scored
    for fine, rough in zip(exact, coarse, strict=True):
        off = abs(compute_auc(fine)[0] - compute_auc(rough)[0])
        assert off <= compute_auc_bound(rough) + 1e-12


@pytest.mark.parametrize("spread", [1.0, 0.001])
def test_bins_are_as_fine_as_the_auc_asks(count, monkeypatch, spread: float) -> None:
    """Also where all scores lie close together, as they do when the outcome is rare."""
    monkeypatch.setattr(build, "EXACT_SCORES", 5000)
    draw = np.random.default_rng(3)
    frame = make_rows(60_000, 3)
    frame["y_score"] = 0.2 + spread * np.clip(draw.beta(2 + frame.y_true, 5), 0, 0.799)
    cube = count(frame)
    assert not cube.exact_scores
    for attributes in ((), ("sex",), ("race",)):
        for counts in compute_view(cube, attributes).scored:
            assert compute_auc_bound(counts) <= build.AUC_BOUND


def test_sums_do_not_depend_on_the_order_in_which_threads_add(count) -> None:
    """Float sums by several threads differ in their last digits from run to run; ours do not."""
    frame = make_rows(400_000, 5)
    frame["y_score"] = np.random.default_rng(5).random(len(frame)).round(2)
    frame["weight"] = np.random.default_rng(6).gamma(2.0, 1.0, len(frame))
    tables = [count(frame.sample(frac=1, random_state=seed)).to_table() for seed in range(3)]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_cubes_of_different_audits_are_refused(count, rows, cube) -> None:
    with pytest.raises(InputError, match="attributes"):
        merge_cubes([cube, count(rows, attributes=("sex",))])
    with pytest.raises(InputError, match="threshold"):
        merge_cubes([cube, count(rows, threshold=0.4)])
    with pytest.raises(InputError, match="scores"):
        merge_cubes([cube, count(rows.drop(columns="y_score"))])
    with pytest.raises(InputError, match="at least one"):
        merge_cubes([])


def test_a_cube_that_is_handed_over_has_no_small_cell(cube) -> None:
    shared, lost = suppress_small_cells(cube, 10)
    assert shared.sums["count"].min() >= 10
    assert shared.rows + lost == cube.rows
    assert 0 < lost <= cube.rows / 100
    whole, nothing = suppress_small_cells(cube, 1)
    assert nothing == 0
    equal(whole, cube)


def test_nothing_is_handed_over_where_all_are_few(count) -> None:
    frame = pd.DataFrame(
        {"y_true": [0, 1], "y_pred": [0, 1], "y_score": [0.1, 0.9], "sex": ["a", "b"], "race": "x"}
    )
    with pytest.raises(InputError, match="fewer than 10"):
        suppress_small_cells(count(frame), 10)
