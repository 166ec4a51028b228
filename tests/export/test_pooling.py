"""Pooled scores: nothing moves over the audited threshold, and no score is of a few people."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from audits.cube.counts.cube import Cube
from audits.export.html.pooling import MAX_BINS, choose_edges, pool_scores
from audits.store.bundle import Bundle


def count_places(cube: Cube, place: np.ndarray) -> Counter[tuple[int, ...]]:
    """Return rows by (groups, outcome, bin), counted one cell at a time."""
    rows: Counter[tuple[int, ...]] = Counter()
    for cell, count in enumerate(cube.sums["count"]):
        key = (*cube.group_codes[cell], cube.codes["y_true"][cell], place[cell])
        rows[tuple(map(int, key))] += int(count)
    return rows


@pytest.mark.parametrize("least", [5, 10])
def test_every_published_score_is_that_of_enough_people(scored: Bundle, least: int) -> None:
    cube = scored.load_cube()
    pooled = pool_scores(cube, ("sex", "town"), least)
    assert pooled is not None
    above = pooled.place >= pooled.audited
    by_score: Counter[tuple[int, bool, int]] = Counter()
    for cell, count in enumerate(cube.sums["count"]):
        key = (int(cube.codes["y_true"][cell]), bool(above[cell]), int(pooled.place[cell]))
        by_score[key] += int(count)
    assert min(by_score.values()) >= least
    # Groups that are large enough are pooled with nobody else.
    sides = np.stack([cube.codes["y_true"], above.astype(int)])
    large = Counter()
    for cell, count in enumerate(cube.sums["count"]):
        large[(*cube.group_codes[cell], *sides[:, cell])] += int(count)
    alone = count_places(cube, pooled.place)
    for (sex, town, true, place), rows in alone.items():
        if large[sex, town, true, int(place >= pooled.audited)] >= least:
            assert rows >= least


def test_decisions_at_the_audited_threshold_are_exact(scored: Bundle) -> None:
    cube = scored.load_cube()
    pooled = pool_scores(cube, ("sex", "town"), 10)
    assert pooled is not None
    assert pooled.edges[pooled.audited] == cube.threshold == 0.437
    selected = cube.codes["y_pred"] == 1
    assert np.array_equal(pooled.place >= pooled.audited, selected)


def test_pools_of_one_row_change_nothing(scored: Bundle) -> None:
    pooled = pool_scores(scored.load_cube(), ("sex", "town"), 1)
    assert pooled is not None
    assert np.array_equal(pooled.place, pooled.exact)


def test_edges_are_few_and_hold_the_threshold() -> None:
    draw = np.random.default_rng(0)
    for scores in (draw.random(5000), draw.beta(0.4, 30, 5000), np.zeros(10), np.ones(10)):
        for threshold in (None, 0.5, 0.123456):
            edges = choose_edges(scores, np.ones(len(scores)), threshold)
            assert len(edges) <= MAX_BINS
            assert np.all(np.diff(edges) > 0)
            assert edges[0] == 0 and edges[-1] == 1
            assert threshold is None or threshold in edges
    rare = choose_edges(draw.beta(0.4, 30, 5000), np.ones(5000), None)
    assert np.count_nonzero(rare < 0.01) == 10, "scores crowd near 0, so that bins are fine there"
