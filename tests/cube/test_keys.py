"""Combinations are numbered as a sort would, whatever the size of the codes."""

from __future__ import annotations

import numpy as np
import pytest

from audits.cube.counts.keys import number_combinations


@pytest.mark.parametrize("sizes", [(3,), (3, 4, 5), (10**6, 10**6), (2**40, 2**40, 3)])
def test_it_equals_numpys_unique(sizes: tuple[int, ...]) -> None:
    draw = np.random.default_rng(0)
    columns = [draw.integers(-1, size, 500) for size in sizes]
    first, place = number_combinations(columns, 500)
    table = np.column_stack(columns)
    unique, inverse = np.unique(table, axis=0, return_inverse=True)
    np.testing.assert_array_equal(table[first], unique)
    np.testing.assert_array_equal(place, inverse.reshape(-1))


def test_without_codes_all_cells_are_one() -> None:
    first, place = number_combinations([], 4)
    assert len(first) == 1
    assert place.tolist() == [0, 0, 0, 0]
