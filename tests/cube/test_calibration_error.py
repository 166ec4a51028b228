"""The interval of the calibration error: covers, holds 0 where it should, never moves the value."""

from __future__ import annotations

import numpy as np
import pytest

from audits.cube.calibration_error import Bins, compute_calibration_limits
from audits.cube.intervals.probability import compute_calibration_error
from tests.simulated.populations import draw_scored, make_scored
from tests.whole import repeat


def draw_bins(shift: float, rows: int, samples: int) -> tuple[Bins, float]:
    """Return ten bins of a tenth of the rows each, whose outcomes are off by `shift`."""
    draw = np.random.default_rng(rows)
    score = np.broadcast_to(np.linspace(0.05, 0.95, 10) * 0.8, (samples, 10))
    count = draw.multinomial(rows, np.full(10, 0.1), size=samples).astype(float)
    hits = draw.binomial(count.astype(int), score + shift).astype(float)
    return Bins(hits, count, score), abs(shift)


@pytest.mark.simulation
@pytest.mark.parametrize("rows", [150, 1500])
@pytest.mark.parametrize("shift", [0.0, 0.02, 0.15])
def test_it_covers(shift: float, rows: int) -> None:
    samples = repeat(200, part=80)
    bins, truth = draw_bins(shift, rows, samples)
    found = compute_calibration_limits(bins, np.random.default_rng(1))
    held = int(((found.low <= truth + 1e-9) & (truth - 1e-9 <= found.high)).sum())
    # Three and a half standard deviations under 95%.
    assert held >= 0.95 * samples - 3.5 * np.sqrt(0.95 * 0.05 * samples)
    assert (found.low <= found.centre).all()
    assert (found.centre <= found.high).all()


def test_what_is_left_without_chance_is_near_the_truth() -> None:
    bins, truth = draw_bins(0.1, 3000, 60)
    found = compute_calibration_limits(bins, np.random.default_rng(1))
    assert np.median(found.centre) == pytest.approx(truth, abs=0.01)


def test_plainly_wrong_scores_exclude_zero_and_right_ones_hold_it() -> None:
    far = compute_calibration_limits(draw_bins(0.15, 1500, 20)[0], np.random.default_rng(1))
    assert (far.low > 0.05).all()
    near = compute_calibration_limits(draw_bins(0.0, 1500, 100)[0], np.random.default_rng(1))
    assert (near.low == 0).mean() > 0.9


def test_the_value_stays_the_published_one_and_lies_in_the_interval() -> None:
    scored = make_scored(shape=(2, 3))
    view = draw_scored(scored, 80, 30, np.random.default_rng(0))
    found = compute_calibration_error(view, np.random.default_rng(0))
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    again = compute_calibration_error(view, np.random.default_rng(5))
    assert np.array_equal(found.value, again.value)


def test_bins_without_rows_and_groups_without_rows() -> None:
    bins = Bins(np.array([[0.0, 4.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
                np.array([[0.0, 10.0, 5.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
                np.array([[np.nan, 0.4, 0.0], [np.nan] * 3, [0.9, np.nan, np.nan]]))  # fmt: skip
    found = compute_calibration_limits(bins, np.random.default_rng(0))
    assert np.isnan(found.low).tolist() == [False, True, False]
    assert found.low[0] == 0.0
    assert 0 <= found.low[2] <= found.high[2] <= 1
