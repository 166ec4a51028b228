"""Deletion and insertion curves of an attribution (Petsiuk, Das and Saenko 2018, "RISE"), for rows
of a table: columns that are taken away get the values of a reference row.

A curve says how far the score has moved, on average over drawn reference rows, after so many
columns were replaced. Replacing the least important columns first leaves the most important
ones in: that is insertion, so that three orders make all curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IndexArray
from audits.core.report.estimate import Estimate, Unavailable
from audits.explain.sampled.blend import Blender
from audits.explain.trust.measures import choose_top, estimate_ratio, order_columns

DRAWS = (6, 30)
"""The least and the most reference rows that a row meets: more where the curves have few points."""
_PREDICTIONS = 60
MAX_POINTS = 10
_STILL = "the score does not move when columns are replaced"


@dataclass(frozen=True, slots=True)
class Curves:
    """counts: `[n_points]`, how many columns are replaced, from 1 to all but one. top, random,
    reverse: `[n_rows, n_points]`, the mean distance of the score from the row's own when columns
    are replaced in the order of |attribution|, in a random one, and in the reverse one. whole:
    `[n_rows]`, the distance when all are. covered, spread: `[n_rows]`, among random sets of
    equally many columns, the covariance of the move that the attribution claims for each set with
    the real one, and the variance of the claimed ones."""

    counts: IndexArray
    top: FloatArray
    random: FloatArray
    reverse: FloatArray
    whole: FloatArray
    covered: FloatArray
    spread: FloatArray

    def at(self, curve: FloatArray, count: int) -> FloatArray:
        """Return a curve `[n_rows]` where `count` columns are replaced."""
        found: FloatArray = curve[:, int(np.flatnonzero(self.counts == count)[0])]
        return found

    def estimate_deletion(self, top: int) -> Estimate | Unavailable:
        """Return how many times as far the score moves when the top columns are replaced as when
        as many random ones are; 1 is no better than random."""
        return estimate_ratio(self.at(self.top, top), self.at(self.random, top), _STILL)

    def estimate_insertion(self, top: int) -> Estimate | Unavailable:
        """Return how many times as far from its own score a row is that keeps as many random
        columns as one that keeps the top ones; 1 is no better than random."""
        count = int(self.counts[-1]) + 1 - top
        return estimate_ratio(self.at(self.random, count), self.at(self.reverse, count), _STILL)

    def estimate_claim(self) -> Estimate | Unavailable:
        """Return by how much the score moves where the attribution claims a move by 1: the slope
        over random sets of columns. 1 where the columns act one by one and the attribution is
        right, 0 where it says nothing of the model (after Yeh et al. 2019, infidelity, and Bhatt,
        Weller and Moura 2020, faithfulness correlation; a slope is not blurred by the draws)."""
        return estimate_ratio(
            self.covered, self.spread, "the explanation claims the same for all columns"
        )

    def estimate_areas(self) -> tuple[Estimate | Unavailable, Estimate | Unavailable]:
        """Return the area between the curve of the top columns and that of random ones, and
        between that of random ones and the reverse, as shares of the whole way."""
        return (
            estimate_ratio((self.top - self.random).mean(axis=1), self.whole, _STILL),
            estimate_ratio((self.random - self.reverse).mean(axis=1), self.whole, _STILL),
        )


def choose_counts(n_columns: int) -> IndexArray:
    """Return how many columns the points of the curves replace: every number from 1 to all but one
    where they are few, else as many spread evenly, with those of the top columns."""
    top = choose_top(n_columns)
    spread = np.linspace(1, n_columns - 1, min(MAX_POINTS, n_columns - 1)).round().astype(int)
    return np.unique(np.append(spread, [top, n_columns - top]))


def compute_curves(
    blender: Blender,
    values: FloatArray,
    n_reference: int,
    generator: np.random.Generator,
) -> Curves:
    """Return the curves of an attribution `[n_rows, n_columns]` of the blender's explained rows.

    The three orders meet the same reference rows, so that what they are does not count. There must
    be at least two columns.
    """
    n_rows, n_columns = values.shape
    everybody = np.ones((n_rows, n_columns), dtype=np.bool_)
    rows = np.arange(n_rows)
    own = blender.predict(rows, np.zeros(n_rows, dtype=np.intp), everybody)
    counts = choose_counts(n_columns)
    draws = int(np.clip(_PREDICTIONS // len(counts), *DRAWS))
    others = generator.integers(n_reference, size=(n_rows, draws))
    places = order_columns(values, draws, generator)

    def follow(places: IndexArray, counts: IndexArray) -> FloatArray:
        """Return the moves of the score `[n_rows, draws, n_counts]` along orders."""
        kept = places[:, :, None, :] >= counts[:, None]
        shape = kept.shape[:3]
        who = np.broadcast_to(rows[:, None, None], shape).ravel()
        whose = np.broadcast_to(others[:, :, None], shape).ravel()
        score = blender.predict(who, whose, kept.reshape(-1, n_columns)).reshape(shape)
        moves: FloatArray = score - own[:, None, None]
        return moves

    chance = order_columns(np.zeros_like(values), draws, generator)
    by_chance = follow(chance, counts)
    covered, spread = _compare_claims(values, chance, counts, by_chance)
    return Curves(
        counts=counts,
        top=_measure_distance(follow(places, counts)),
        random=_measure_distance(by_chance),
        reverse=_measure_distance(follow(n_columns - 1 - places, counts)),
        whole=_measure_distance(follow(places, np.array([n_columns])))[:, 0],
        covered=covered,
        spread=spread,
    )


def _measure_distance(moves: FloatArray) -> FloatArray:
    distance: FloatArray = np.abs(moves).mean(axis=1)
    return distance


def _compare_claims(
    values: FloatArray, places: IndexArray, counts: IndexArray, moves: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each row's covariance of claimed and real moves and variance of the claimed ones
    `[n_rows]`, among random sets of equally many columns."""
    replaced = places[:, :, None, :] < counts[:, None]
    claims = -(replaced * values[:, None, None, :]).sum(axis=-1)
    claims -= claims.mean(axis=1, keepdims=True)
    covered = (claims * (moves - moves.mean(axis=1, keepdims=True))).mean(axis=(1, 2))
    return covered, (claims**2).mean(axis=(1, 2))
