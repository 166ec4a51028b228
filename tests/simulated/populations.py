"""Populations of which everything is known, and views of cubes with one sample a group.

A sample is a group of one view, so that one call gives the intervals of all samples by the code
that an audit runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.cube.counts.cube import SUMS, Cube
from audits.cube.counts.view import View

LEVELS = 40
_WHOLE = 1e12
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores with outcomes: chance of each level and outcome, `[levels, 2]`, adding up to 1."""

    levels: FloatArray
    chance: FloatArray
    threshold: float = 0.5


def make_scored(
    *, shape: tuple[float, float], shift: float = 0.0, slope: float = 1.0, threshold: float = 0.5
) -> Scored:
    """Return a beta distribution of scores, whose log-odds are off by `shift` and `slope`."""
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    weight = levels ** (shape[0] - 1) * (1 - levels) ** (shape[1] - 1)
    weight /= weight.sum()
    odds = np.log(levels / (1 - levels)) * slope + shift
    true = 1 / (1 + np.exp(-odds))
    return Scored(levels, np.column_stack([weight * (1 - true), weight * true]), threshold)


def view_scored(counts: FloatArray, scored: Scored) -> View:
    """Return `[samples, levels, 2]` counted rows as a view with one group a sample."""
    samples = len(counts)
    group, level, outcome = (part.ravel() for part in np.indices(counts.shape))
    rows = counts.ravel().astype(np.float64)
    kept = rows > 0
    group, level, outcome, rows = group[kept], level[kept], outcome[kept], rows[kept]
    score = scored.levels[level]
    loss = -np.log(np.maximum(np.where(outcome == 1, score, 1 - score), _EPS))
    sums = {
        "count": rows, "weight": rows, "weight_squared": rows, "score_sum": rows * score,
        "score_square_sum": rows * score**2, "log_loss_sum": rows * loss,
    }  # fmt: skip
    codes = {
        "y_true": outcome.astype(np.int64),
        "y_pred": (score >= scored.threshold).astype(np.int64),
        "score_bin": level.astype(np.int64),
    }
    return _view("binary", samples, group, codes, sums, scored.levels, ("0", "1"))


def draw_scored(scored: Scored, rows: int, samples: int, generator: np.random.Generator) -> View:
    """Return a view with one sample of so many rows a group."""
    drawn = generator.multinomial(rows, scored.chance.ravel(), size=samples)
    return view_scored(drawn.reshape(samples, *scored.chance.shape), scored)


def whole_scored(scored: Scored) -> View:
    """Return a view of the population itself, as very many rows."""
    return view_scored(scored.chance[None] * _WHOLE, scored)


def view_classes(counts: FloatArray, losses: FloatArray | None = None) -> View:
    """Return confusion counts `[samples, true, predicted]` as a view; losses: each cell's."""
    samples, classes, _ = counts.shape
    group, true, predicted = (part.ravel() for part in np.indices(counts.shape))
    rows = counts.ravel().astype(np.float64)
    loss = np.zeros_like(rows) if losses is None else losses[true, predicted]
    sums = {
        "count": rows, "weight": rows, "weight_squared": rows, "log_loss_sum": rows * loss,
        "log_loss_square_sum": rows * loss**2,
    }  # fmt: skip
    codes = {"y_true": true.astype(np.int64), "y_pred": predicted.astype(np.int64)}
    names = tuple(str(place) for place in range(classes))
    return _view("multiclass", samples, group, codes, sums, np.zeros(0), names)


def view_numbers(true: FloatArray, predicted: FloatArray) -> View:
    """Return rows `[samples, rows]` of a regression as a view with one group a sample."""
    off = predicted - true
    count = np.full(len(true), float(true.shape[1]))
    sums = {
        "count": count, "weight": count, "weight_squared": count, "y_sum": true.sum(axis=1),
        "y_square_sum": (true**2).sum(axis=1), "y_cube_sum": (true**3).sum(axis=1),
        "y_fourth_sum": (true**4).sum(axis=1),
        "prediction_square_sum": (predicted**2).sum(axis=1), "residual_sum": off.sum(axis=1),
        "residual_absolute_sum": np.abs(off).sum(axis=1),
        "residual_square_sum": (off**2).sum(axis=1),
        "residual_fourth_sum": (off**4).sum(axis=1),
        "residual_square_y_sum": (off**2 * true).sum(axis=1),
        "residual_square_y_square_sum": (off**2 * true**2).sum(axis=1),
    }  # fmt: skip
    return _view("regression", len(true), np.arange(len(true)), {}, sums, np.zeros(0), ())


def view_decisions(counts: FloatArray) -> View:
    """Return confusion counts `[groups, true, decision]` as a view by groups, without scores."""
    group, true, decision = (part.ravel() for part in np.indices(counts.shape))
    cells = counts.ravel().astype(np.float64)
    sums = {name: cells if name in ("count", "weight", "weight_squared") else cells * 0.0
            for name in SUMS["binary"]}  # fmt: skip
    codes = {
        "y_true": true.astype(np.int64),
        "y_pred": decision.astype(np.int64),
        "score_bin": np.full(len(cells), -1),
    }
    return _view("binary", len(counts), group, codes, sums, np.zeros(0), ("0", "1"))


def _view(
    task: str,
    groups: int,
    group: IntArray,
    codes: dict[str, IntArray],
    sums: dict[str, FloatArray],
    edges: FloatArray,
    classes: tuple[str, ...],
) -> View:
    labels = tuple(str(place) for place in range(groups))
    cube = Cube(
        task=task,  # type: ignore[arg-type]
        attributes=("sample",), groups={"sample": labels}, group_codes=group[:, None],
        codes=codes, sums=sums, classes=classes, edges=edges, score_bits=None, threshold=0.5,
    )  # fmt: skip
    return View(cube, "sample", labels, group)
