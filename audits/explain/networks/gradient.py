"""Integrated gradients of torch networks (Sundararajan, Taly and Yan 2017, "Axiomatic Attribution
for Deep Networks"), by captum, on the device that the network is on."""

from __future__ import annotations

import functools

import numpy as np
import torch
from captum.attr import IntegratedGradients
from captum.attr._utils.approximation_methods import gauss_legendre_builders

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import INTEGRATED_GRADIENTS
from audits.explain.networks.batches import (
    Output,
    average_over_baselines,
    choose_baselines,
    compute_gradients,
    compute_in_batches,
    compute_range,
    select_output,
)
from audits.models import NativeModel

STEPS = (32, 64, 128, 256, 512, 1024)
PROBE_ROWS = 256


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a network's logit of one class, or its regression output.

    estimator: a network whose `forward_embedded` maps `[n, width]` to logits `[n, n_outputs]`.
    matrix: float64 `[n_rows, width]`, the dense input of its first layer. The path runs
    straight from each of `choose_baselines` to each row; over several the values are averaged,
    with their `error` against all reference rows.

    The number of steps is raised until the completeness error of every row is at most
    `request.tolerance` of the range of the outputs, or `STEPS` ends; the error that is left is
    in `additivity_error`, the steps in `budget`. The integral is approximate: `exact` is False.
    """
    network = select_output(estimator, request, matrix.shape[1])
    rows = torch.as_tensor(matrix, dtype=network.weight.dtype)
    baselines = network.to_device(choose_baselines(request, matrix.shape[1]))
    output = network.evaluate(rows)
    base = float(network.evaluate(baselines).mean())
    allowed = request.tolerance * compute_range(output, base)

    def integrate(
        chosen: slice | IndexArray, steps: int
    ) -> tuple[FloatArray, FloatArray | None, FloatArray]:
        found, error = average_over_baselines(
            lambda baseline: compute_integrated_gradients(network, rows[chosen], baseline, steps),
            baselines,
            request,
        )
        return found, error, np.abs(base + found.sum(axis=1) - output[chosen])

    budget = STEPS[0]
    values, error, gaps = integrate(slice(None), budget)
    for steps in STEPS[1:]:
        if gaps.max(initial=0.0) <= allowed:
            break
        # The worst rows tell cheaply that the steps are still too few; then all rows follow.
        worst = np.argsort(gaps)[-PROBE_ROWS:]
        if steps == STEPS[-1] or integrate(worst, steps)[2].max() <= allowed:
            budget = steps
            values, error, gaps = integrate(slice(None), budget)
    return ColumnAttribution(
        values=values,
        base=np.full(len(rows), base),
        output=output,
        space=network.space,
        method=INTEGRATED_GRADIENTS,
        exact=False,
        budget=budget * len(baselines),
        device=network.device,
        error=error,
    )


def compute_integrated_gradients(
    network: Output, rows: torch.Tensor, baseline: torch.Tensor, steps: int
) -> FloatArray:
    """Return integrated gradients `[n_rows, n_columns]`, float64, by Gauss-Legendre quadrature.

    baseline: `[1, n_columns]`, on the network's device. See `compute_in_batches` for what happens
    where memory runs out.
    """
    engine = IntegratedGradients(network.forward)
    engine.gradient_func = compute_gradients

    def integrate(part: slice) -> torch.Tensor:
        batch = rows[part].to(baseline.device)
        # What `engine.attribute` calls, but for the nodes, which it works out for each batch.
        answer: torch.Tensor = engine._attribute(
            (batch,),
            (baseline.expand_as(batch),),
            n_steps=steps,
            step_sizes_and_alphas=_compute_nodes(steps),
        )[0]
        return answer

    return compute_in_batches(
        (rows.shape[0], rows.shape[1]), network, steps * network.width, integrate
    )


@functools.cache
def _compute_nodes(steps: int) -> tuple[list[float], list[float]]:
    weights, places = gauss_legendre_builders()
    return weights(steps), places(steps)
