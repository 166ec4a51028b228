"""Halves add up, are as random as a fair coin for each row, and repeat."""

from __future__ import annotations

import numpy as np

from audits.cube.counts.cube import Cube
from audits.mitigate.halves import split_cube


def test_halves_add_up_and_repeat(drawn: Cube) -> None:
    first, second = split_cube(drawn, np.random.default_rng(1))
    again, _ = split_cube(drawn, np.random.default_rng(1))
    assert first.rows + second.rows == drawn.rows
    assert first.to_table().equals(again.to_table())
    for name in drawn.sums:
        total = first.sums[name].sum() + second.sums[name].sum()
        assert np.isclose(total, drawn.sums[name].sum()), name
    assert (first.sums["count"] > 0).all()
    assert np.array_equal(first.sums["count"], first.sums["weight_squared"])


def test_each_row_falls_on_a_fair_coin(drawn: Cube) -> None:
    """Over many splits, a cell's share has the mean and the variance of Binomial(n, 1/2)."""
    largest = int(np.argmax(drawn.sums["count"]))
    n = drawn.sums["count"][largest]
    key = [drawn.group_codes[largest, 0], *(drawn.codes[name][largest] for name in drawn.codes)]
    counts = []
    for seed in range(600):
        half, _ = split_cube(drawn, np.random.default_rng(seed))
        cells = np.column_stack([half.group_codes[:, 0], *half.codes.values()])
        counts.append(half.sums["count"][(cells == key).all(axis=1)].sum())
    assert abs(np.mean(counts) - n / 2) < 4 * np.sqrt(n / 4 / 600)
    assert 0.8 < np.var(counts) / (n / 4) < 1.25
