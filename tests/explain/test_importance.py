"""Means of attributions over parts of the rows, against scipy and hand counts."""

import numpy as np
import pytest
from scipy import stats

from audits.explain.groups.importance import (
    PartSums,
    adjust_known,
    choose_important,
    compute_cohort_importance,
    compute_part_differences,
)


def sum_up(values, parts, n_parts, *, signed=True, chunk=7):
    sums = PartSums(n_parts, values.shape[1], signed=signed)
    for start in range(0, len(values), chunk):
        sums.add(values[start : start + chunk], parts[start : start + chunk])
    return sums.compute_means()


@pytest.mark.parametrize("signed", [True, False])
def test_means_and_tests_are_those_of_scipy(signed):
    draw = np.random.default_rng(0)
    parts = draw.integers(-1, 3, 400)
    values = draw.normal(size=(400, 2)) + np.where(parts == 1, 0.3, 0.0)[:, None] + 40
    means = sum_up(values, parts, 3, signed=signed)
    gaps = compute_part_differences(means, 0)
    sizes = values if signed else np.abs(values)
    for part in range(3):
        own = sizes[parts == part]
        assert means.rows[part] == len(own)
        np.testing.assert_allclose(means.mean[part], own.mean(axis=0))
        half = stats.t.ppf(0.975, len(own) - 1) * own.std(axis=0, ddof=1) / np.sqrt(len(own))
        np.testing.assert_allclose(means.high[part] - means.mean[part], half)
        if part:
            other = sizes[parts == 0]
            expected = stats.ttest_ind(own, other, equal_var=False).pvalue
            np.testing.assert_allclose(gaps.p_values[part], expected, rtol=1e-6)
            np.testing.assert_allclose(gaps.difference[part], own.mean(axis=0) - other.mean(axis=0))
    assert np.isnan(gaps.p_values[0]).all()


def test_sizes_by_hand_and_never_below_nought():
    means = sum_up(np.array([[1.0, -4.0], [-3.0, 2.0], [2.0, 0.0]]), np.zeros(3, int), 1,
                   signed=False)  # fmt: skip
    assert means.mean[0].tolist() == [2.0, 2.0]
    half = stats.t.ppf(0.975, 2) / np.sqrt(3)  # |values| 1, 3, 2 have deviation 1
    assert means.high[0, 0] == pytest.approx(2 + half)
    assert means.low[0].tolist() == [0.0, 0.0]


def test_a_column_that_never_changes_differs_nowhere():
    """Neither does rounding: 0.1 as float32 has no exact sum."""
    values = np.full((1_000, 1), np.float64(np.float32(0.1)))
    means = sum_up(values, np.arange(1_000) % 3, 3)
    assert means.low[:, 0].tolist() == means.high[:, 0].tolist() == [float(np.float32(0.1))] * 3
    assert compute_part_differences(means, 0).p_values[1:, 0].tolist() == [1.0, 1.0]


def test_parts_of_one_row_or_none_have_no_interval():
    means = sum_up(np.array([[1.0], [2.0], [3.0]]), np.array([0, 0, 1]), 3)
    assert means.mean[1, 0] == 3
    assert np.isnan(means.low[1:]).all()
    assert np.isnan(means.mean[2]).all()
    assert np.isnan(compute_part_differences(means, 0).p_values).all()


def test_holm_counts_only_tests_that_were_made():
    p_values = np.array([[0.01, np.nan], [0.04, 0.02]])
    np.testing.assert_allclose(adjust_known(p_values), [[0.03, np.nan], [0.04, 0.04]])
    assert choose_important(np.array([1.0, 3.0, 2.0]), 2).tolist() == [1, 2]


def test_the_interval_of_a_difference_covers():
    draw, hits = np.random.default_rng(3), 0
    parts = np.repeat([0, 1], [30, 90])
    for _ in range(400):
        values = draw.normal(size=(120, 1)) * np.where(parts == 0, 3.0, 1.0)[:, None]
        gaps = compute_part_differences(sum_up(values, parts, 2, chunk=120), 1)
        hits += bool(gaps.low[0, 0] <= 0 <= gaps.high[0, 0])
    assert 0.925 <= hits / 400 <= 0.985


def test_what_drives_a_cohort():
    draw = np.random.default_rng(1)
    inside = draw.random(500) < 0.3
    values = draw.normal(size=(500, 3))
    values[inside, 1] -= 2.0
    found = compute_cohort_importance(iter([values[:200], values[200:]]), inside, ("a", "b", "c"))
    assert (found.rows, found.rest) == (int(inside.sum()), int((~inside).sum()))
    first = found.shares[0]
    assert first.feature == "b"
    assert first.inside == pytest.approx(values[inside, 1].mean())
    assert first.outside == pytest.approx(values[~inside, 1].mean())
    assert first.low < -2 < first.high
    assert first.p_value < 1e-10
    assert all(share.p_value > 0.05 for share in found.shares[1:])


@pytest.mark.parametrize("rows", [4, 6])
def test_a_cohort_belongs_to_its_attributions(rows):
    with pytest.raises(ValueError, match="rows"):
        compute_cohort_importance([np.ones((rows, 1))], np.array([True] * 5), ("a",))
