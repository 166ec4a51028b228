"""Sampled Shapley values: exact where they must be, converging and covered everywhere else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings, strategies as st

from audits.core.errors import InputError
from audits.explain.sampled.blend import FrameBlender, MatrixBlender
from audits.explain.sampled.engine import Budget, compute_permutation_shap
from audits.models.adapters.adapter import Encoded
from tests.explain.brute_force import interventional


def identity(scores, rows):
    del rows
    return scores


def blend(predict, rows, reference, owner=None):
    owner = np.arange(rows.shape[1]) if owner is None else np.asarray(owner)
    mine, theirs = Encoded(rows, owner), Encoded(reference, owner)
    return MatrixBlender(predict, identity, mine, theirs, int(owner.max()) + 1)


def explain(predict, rows, reference, pairs, *, tolerance=0.0, seed=0, owner=None):
    blender = blend(predict, rows, reference, owner)
    generator = np.random.default_rng(seed)
    return compute_permutation_shap(
        blender, len(rows), len(reference), Budget(pairs, tolerance), generator
    )


def tangled(matrix):
    """Three columns act together, two by two others, one alone, one not at all."""
    a, b, c, d, e, _ = matrix.T
    return a * b * c + np.sin(c) * d + 2 * e + (a > 0) * (d > 0) * (e > 0)


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(5)
    rows, reference = generator.normal(size=(12, 6)), generator.normal(size=(40, 6))
    exact = np.array([interventional(tangled, row, reference) for row in rows])
    return rows, reference, exact


def test_one_pass_is_exact_where_no_three_columns_act_together():
    generator = np.random.default_rng(1)
    rows, reference = generator.normal(size=(5, 4)), generator.normal(size=(32, 4))

    def pairwise(matrix):
        return matrix[:, 0] * matrix[:, 1] + np.exp(matrix[:, 2]) * matrix[:, 0] - matrix[:, 3]

    found = explain(pairwise, rows, reference, pairs=32)
    exact = np.array([interventional(pairwise, row, reference) for row in rows])
    np.testing.assert_allclose(found.values, exact, atol=1e-12)


def test_more_walks_come_nearer(data):
    rows, reference, exact = data
    misses = []
    for pairs in (40, 400, 4_000):
        found = explain(tangled, rows, reference, pairs)
        misses.append(np.sqrt(np.mean((found.values - exact) ** 2)))
        assert np.abs(found.values.sum(axis=1) + found.base - found.output).max() < 1e-12
    # Ten times the walks: a third of the error, as for any mean.
    assert misses[1] < misses[0] / 2
    assert misses[2] < misses[1] / 2
    assert misses[2] < 0.01


@pytest.mark.parametrize("pairs", [32, 80, 120, 400])
def test_the_stated_error_covers(data, pairs):
    """Of the exact values 95% lie within it, before all reference rows were used and after."""
    rows, reference, exact = data
    inside = []
    for seed in range(40):
        found = explain(tangled, rows, reference, pairs, seed=seed)
        inside.append(np.abs(found.values - exact) <= found.error + 1e-12)
    # Each of 6 columns: 480 answers, whose share has a standard error of 1 point.
    assert np.mean(inside, axis=(0, 1)).min() >= 0.92
    assert np.mean(inside) >= 0.94


def test_a_column_that_seldom_differs_is_not_taken_for_certain():
    """One reference row in 50 differs: most samples never see it, and must not say 'exactly 0'."""
    generator = np.random.default_rng(2)
    reference = generator.normal(size=(1_000, 3))
    reference[:, 0] = np.arange(1_000) % 50 == 0
    rows = generator.normal(size=(30, 3))
    rows[:, 0] = 0

    def predict(matrix):
        return 5 * matrix[:, 0] + matrix[:, 1]

    inside = []
    for seed in range(30):
        found = explain(predict, rows, reference, 32, seed=seed)
        inside.append(np.abs(found.values[:, 0] + 0.1) <= found.error[:, 0])  # exact: -5 / 50
    assert np.mean(inside) > 0.9


def test_rows_stop_when_they_are_sure_enough(data):
    rows, reference, _ = data

    def almost_additive(matrix):
        return matrix @ np.arange(6.0) + 0.01 * tangled(matrix)

    eager = explain(almost_additive, rows, reference, 4_000, tolerance=0.05)
    thorough = explain(almost_additive, rows, reference, 4_000, tolerance=0.0)
    assert eager.reached
    assert not thorough.reached
    assert eager.evaluations < thorough.evaluations / 10
    spread = np.ptp(np.append(eager.output, almost_additive(reference)))
    assert eager.error.max() <= 0.05 * spread


def test_the_budget_is_kept_and_columns_that_are_equal_cost_nothing(data):
    rows, reference, _ = data
    found = explain(tangled, rows, reference, pairs=32)
    # A pair of walks over 6 columns needs 2 · 5 mixtures; its ends are shared by all.
    assert found.evaluations == len(rows) * 32 * 10 + len(rows) + len(reference)
    same = reference.copy()
    same[:, 2:] = 0.0
    flat = rows.copy()
    flat[:, 2:] = 0.0
    cheap = explain(tangled, flat, same, pairs=32)
    assert cheap.evaluations == len(rows) * 32 * 2 + len(rows) + len(reference)
    assert not cheap.values[:, 2:].any()
    assert not cheap.error[:, 2:].any()


def test_one_column_one_row_one_reference_row():
    found = explain(lambda m: m[:, 0] ** 2, np.array([[3.0]]), np.array([[1.0]]), pairs=8)
    assert found.values.tolist() == [[8.0]]
    assert found.error.tolist() == [[0.0]]
    assert (found.base, found.output.tolist()) == (1.0, [9.0])


def test_a_constant_model_and_a_constant_column():
    rows, reference = np.ones((4, 3)), np.zeros((9, 3))
    rows[:, 2] = 0.0
    flat = explain(lambda m: np.full(len(m), 0.25), rows, reference, pairs=16)
    assert not flat.values.any()
    steep = explain(lambda m: m.sum(axis=1), rows, reference, pairs=16)
    np.testing.assert_allclose(steep.values, [[1, 1, 0]] * 4)


def test_five_hundred_columns():
    generator = np.random.default_rng(3)
    weights = generator.normal(size=500)
    rows, reference = generator.normal(size=(3, 500)), generator.normal(size=(16, 500))
    found = explain(lambda m: m @ weights, rows, reference, pairs=16)
    np.testing.assert_allclose(found.values, (rows - reference.mean(axis=0)) * weights, atol=1e-9)


def test_encoded_columns_move_with_the_raw_column_that_owns_them(data):
    rows, reference, _ = data
    owner = [0, 0, 1, 1, 2, 2]
    found = explain(tangled, rows, reference, 40, owner=owner)
    exact = np.array([interventional(tangled, row, reference, owner) for row in rows])
    assert found.values.shape == (12, 3)
    assert np.abs(found.values - exact).max() < np.maximum(found.error, 1e-9).max() * 2


def test_raw_columns_with_texts_and_missing_values():
    frame = pd.DataFrame(
        {"job": ["nurse", "clerk", None, "König"], "age": [30.0, np.nan, 50.0, 41.0]}
    )
    reference = frame.iloc[[1, 2, 3, 0, 2]].reset_index(drop=True)

    def predict(mixed):
        known = mixed["age"].fillna(40).to_numpy(dtype=float)
        return known * np.where(mixed["job"].isna(), 2.0, mixed["job"] == "nurse")

    blender = FrameBlender(predict, identity, frame, reference)
    found = compute_permutation_shap(blender, 4, 5, Budget(10, 0.0), np.random.default_rng(0))
    as_numbers = {"nurse": 0, "clerk": 1, None: 2, "König": 3}

    def code(table):
        jobs = [as_numbers[None if pd.isna(job) else job] for job in table["job"]]
        return np.column_stack([jobs, table["age"]])

    def decode(matrix):
        jobs = [list(as_numbers)[int(value)] for value in matrix[:, 0]]
        return predict(pd.DataFrame({"job": pd.Series(jobs, dtype=object), "age": matrix[:, 1]}))

    exact = [interventional(decode, row, code(reference)) for row in code(frame)]
    np.testing.assert_allclose(found.values, exact, atol=1e-12)
    differs = blender.find_differences(np.array([2, 2]), np.array([1, 0]))
    assert differs.tolist() == [[False, False], [True, True]]  # missing equals missing


def test_a_model_that_answers_nan_is_named():
    def broken(matrix):
        return np.where(matrix[:, 0] > matrix[:, 1], np.nan, 1.0)

    rows, reference = np.array([[0.0, 1.0]]), np.array([[5.0, 9.0]])
    with pytest.raises(InputError, match=r"no finite number for \d+ of \d+ rows that mix"):
        explain(broken, rows, reference, pairs=8)


@settings(max_examples=30)
@example(1, 1, 18, 2, 0)  # both walks agree, and are not the mean
@given(
    st.integers(1, 5), st.integers(1, 6), st.integers(1, 40), st.integers(2, 90),
    st.integers(0, 2**31 - 1),
)  # fmt: skip
def test_values_always_add_up_and_repeat(n_columns, n_rows, n_reference, pairs, seed):
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, 3, (n_rows, n_columns)).astype(float)
    reference = generator.integers(0, 3, (n_reference, n_columns)).astype(float)

    def predict(matrix):
        return np.prod(matrix + 0.5, axis=1) + matrix[:, 0]

    found = explain(predict, rows, reference, pairs, seed=seed)
    again = explain(predict, rows, reference, pairs, seed=seed)
    np.testing.assert_array_equal(found.values, again.values)
    total = found.values.sum(axis=1) + found.base
    np.testing.assert_allclose(total, found.output, atol=1e-9)
    assert np.isfinite(found.error).all()
    assert (found.error >= 0).all()
