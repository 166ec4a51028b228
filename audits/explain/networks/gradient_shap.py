"""Gradient SHAP of torch networks: integrated gradients averaged over the reference rows (expected
gradients, Erion et al. 2021, "Improving performance of deep learning models with axiomatic
attribution priors and expected gradients"; Lundberg and Lee 2017).

captum's GradientShap draws from the global random state and states no error. Here every round
takes all reference rows, each at one place of its path; the places are spread evenly over the paths
and shuffled, so that rounds are alike and their spread is the error."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy
import torch

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import AUTO, GRADIENT_SHAP, METHODS, SAMPLE
from audits.explain.networks.batches import (
    CONFIDENCE,
    Output,
    choose_baselines,
    compute_gradients,
    compute_in_batches,
    compute_range,
    select_output,
)
from audits.models import NativeModel

ROUNDS = (4, 8, 16)
"""How many rounds a row gets: the first number, and the next as long as its error is too large."""
MIN_DRAWS = 32


@dataclass(frozen=True, slots=True)
class Draw:
    """Where the gradients of one round are taken: `alphas` `[n_draws]` in [0, 1], the share of the
    way from each of the `baselines` `[n_draws, n_columns]` to a row."""

    baselines: torch.Tensor
    alphas: torch.Tensor


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a network's logit of one class, or its regression output.

    estimator: a network whose `forward_embedded` maps `[n, width]` to logits `[n, n_outputs]`.
    matrix: float64 `[n_rows, width]`. It compares with at most as many of the reference rows as
    `METHODS` says, sampled with the run's seed.

    Rounds go on for the rows with an error above `request.error` of the range of the outputs, until
    `ROUNDS` ends. `error` is half of the 95% interval of each value; `additivity_error` is what
    sampling leaves of completeness, which nothing hides; `budget` counts gradients a row.
    Raises CheckNotApplicableError without reference rows, or where one point of comparison is
    asked for.
    """
    if request.compare_with not in (AUTO, SAMPLE):
        raise CheckNotApplicableError(
            f"{GRADIENT_SHAP} compares with drawn reference rows, not with one point "
            f'({request.compare_with}); use baseline = "sample" or "auto"'
        )
    network = select_output(estimator, request, matrix.shape[1])
    rows = torch.as_tensor(matrix, dtype=network.weight.dtype)
    most = METHODS[GRADIENT_SHAP].reference_rows
    assert most is not None
    drawn = replace(request, compare_with=SAMPLE)
    baselines = network.to_device(choose_baselines(drawn, matrix.shape[1], most))
    output = network.evaluate(rows)
    base = float(network.evaluate(baselines).mean())
    allowed = request.error * compute_range(output, base)
    values, error, budget = _average_rounds(network, rows, baselines, allowed, request.seed)
    return ColumnAttribution(
        values=values,
        base=np.full(len(rows), base),
        output=output,
        space=network.space,
        method=GRADIENT_SHAP,
        exact=False,
        budget=budget,
        device=network.device,
        error=error,
    )


def draw_places(baselines: torch.Tensor, generator: np.random.Generator) -> Draw:
    """Return one round: every baseline equally often, at places spread evenly over the paths."""
    repeats = -(-MIN_DRAWS // len(baselines))
    count = repeats * len(baselines)
    places = (generator.permutation(count) + generator.random(count)) / count
    alphas = torch.as_tensor(places, dtype=baselines.dtype).to(baselines.device)
    return Draw(baselines.repeat(repeats, 1), alphas)


def compute_expected_gradients(network: Output, rows: torch.Tensor, draw: Draw) -> FloatArray:
    """Return the mean over one round of gradient times way `[n_rows, n_columns]`, float64."""
    baselines, alphas = draw.baselines[None, :, :], draw.alphas[None, :, None]
    count, columns = draw.baselines.shape

    def average(part: slice) -> torch.Tensor:
        way = rows[part].to(baselines.device)[:, None, :] - baselines
        points = (baselines + alphas * way).reshape(-1, columns).requires_grad_()
        (slopes,) = compute_gradients(network.forward, (points,))
        return (way * slopes.reshape(way.shape)).mean(dim=1)

    return compute_in_batches((rows.shape[0], columns), network, count * network.width, average)


def _average_rounds(
    network: Output, rows: torch.Tensor, baselines: torch.Tensor, allowed: float, seed: int
) -> tuple[FloatArray, FloatArray, int]:
    """Return values and errors `[n_rows, n_columns]`, and the gradients of the longest row."""
    generator = np.random.default_rng([seed, len(baselines)])
    shape = (rows.shape[0], rows.shape[1])
    mean, squares, error = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    active: IndexArray = np.arange(len(rows))
    done = budget = 0
    for rounds in ROUNDS:
        if not len(active):
            break
        while done < rounds:
            draw = draw_places(baselines, generator)
            found = compute_expected_gradients(network, rows[active], draw)
            done += 1
            change = found - mean[active]
            mean[active] += change / done
            squares[active] += change * (found - mean[active])
            budget += len(draw.alphas)
        quantile = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, done - 1)
        error[active] = quantile * np.sqrt(squares[active] / (done - 1) / done)
        active = active[(error[active] > allowed).any(axis=1)]
    return mean, error, budget
