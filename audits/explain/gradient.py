"""Integrated gradients of torch networks (Sundararajan, Taly and Yan 2017, "Axiomatic Attribution
for Deep Networks"), by captum, on the device that the network is on."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from captum.attr import IntegratedGradients
from captum.attr._utils.approximation_methods import gauss_legendre_builders

from audits.core.attribution import FloatArray
from audits.explain.columns import MARGIN, TARGET, ColumnAttribution, IntArray, Native, Request
from audits.explain.methods import INTEGRATED_GRADIENTS

METHODS = (INTEGRATED_GRADIENTS,)

STEPS = (32, 64, 128, 256, 512, 1024)
PROBE_ROWS = 256
BATCH_VALUES = {"cpu": 2**20, "cuda": 2**26}
"""Values of the widest layer that one batch may hold: what caches hold, or what memory does."""

EVALUATED_ROWS = 65_536

Forward = Callable[[torch.Tensor], torch.Tensor]


def explain(estimator: Native, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a network's logit of one class, or its regression output.

    estimator: a network whose `forward_embedded` maps `[n, width]` to logits `[n, n_outputs]`.
    matrix: float64 `[n_rows, width]`, the dense input of its first layer. The path runs
    straight from `request.baseline()` to each row.

    The number of steps is raised until the completeness error of every row is at most
    `request.tolerance` of the range of the outputs, or `STEPS` ends; the error that is left is
    in `additivity_error`, the steps in `budget`. The integral is approximate: `exact` is False.
    """
    weight = next(estimator.parameters())
    rows = torch.as_tensor(matrix, dtype=weight.dtype)
    start = request.baseline(matrix.shape[1])
    baseline = torch.as_tensor(start, dtype=weight.dtype, device=weight.device)[None, :]
    forward = _one_output(estimator, request)
    width = max(parameter.shape[0] for parameter in estimator.parameters() if parameter.ndim == 2)
    width = max(width, matrix.shape[1])

    output = _evaluate(forward, rows, weight.device)
    base = np.full(len(rows), _evaluate(forward, baseline, weight.device)[0])
    allowed = request.tolerance * _range(output, base)

    def integrate(chosen: slice | IntArray, steps: int) -> tuple[FloatArray, FloatArray]:
        found = compute_integrated_gradients(forward, rows[chosen], baseline, steps, width)
        return found, np.abs(base[chosen] + found.sum(axis=1) - output[chosen])

    budget = STEPS[0]
    values, gaps = integrate(slice(None), budget)
    for steps in STEPS[1:]:
        if gaps.max(initial=0.0) <= allowed:
            break
        # The worst rows tell cheaply that the steps are still too few; then all rows follow.
        worst = np.argsort(gaps)[-PROBE_ROWS:]
        if steps == STEPS[-1] or integrate(worst, steps)[1].max() <= allowed:
            budget = steps
            values, gaps = integrate(slice(None), budget)
    return ColumnAttribution(
        values=values,
        base=base,
        output=output,
        space=TARGET if request.task == "regression" else MARGIN,
        method=INTEGRATED_GRADIENTS,
        exact=False,
        budget=budget,
        device=str(weight.device),
    )


def compute_integrated_gradients(
    forward: Forward, rows: torch.Tensor, baseline: torch.Tensor, steps: int, width: int
) -> FloatArray:
    """Return integrated gradients `[n_rows, n_columns]`, float64, by Gauss-Legendre quadrature.

    forward: `[n, n_columns]` to `[n]`. baseline: `[1, n_columns]`, on the network's device.
    width: the widest layer, which sets how many rows fit in a batch. The batch is halved when
    the device's memory runs out; with one row left torch's own OutOfMemoryError is raised.
    """
    engine = IntegratedGradients(forward)
    engine.gradient_func = _compute_gradients
    values = np.empty(tuple(rows.shape), dtype=np.float64)
    size = max(1, BATCH_VALUES[baseline.device.type] // (steps * width))
    begin = 0
    while begin < len(rows):
        batch = rows[begin : begin + size].to(baseline.device)
        try:
            # What `engine.attribute` calls, but for the nodes, which it works out for each batch.
            (answer,) = engine._attribute(
                (batch,),
                (baseline.expand_as(batch),),
                n_steps=steps,
                step_sizes_and_alphas=_compute_nodes(steps),
            )
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            size //= 2
            torch.cuda.empty_cache()
            continue
        values[begin : begin + len(batch)] = answer.detach().double().cpu().numpy()
        begin += len(batch)
    return values


@functools.cache
def _compute_nodes(steps: int) -> tuple[list[float], list[float]]:
    weights, places = gauss_legendre_builders()
    return weights(steps), places(steps)


def _compute_gradients(
    forward_fn: Forward,
    inputs: tuple[torch.Tensor, ...],
    target_ind: object = None,
    additional_forward_args: object = None,
) -> tuple[torch.Tensor, ...]:
    """Return the gradient of each row's output, as captum asks for it.

    captum's own function hands each row's output to autograd by itself, which takes minutes for
    a million rows. Rows do not see each other, so the gradient of the sum is the same.
    """
    del target_ind, additional_forward_args
    with torch.autograd.set_grad_enabled(True):
        return torch.autograd.grad(forward_fn(*inputs).sum(), inputs)


def _one_output(estimator: Native, request: Request) -> Forward:
    column = request.target_class if request.task == "multiclass" else 0

    def forward(dense: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = estimator.forward_embedded(dense)[:, column]
        return logits

    return forward


def _evaluate(forward: Forward, rows: torch.Tensor, device: torch.device) -> FloatArray:
    answer = np.empty(len(rows), dtype=np.float64)
    with torch.inference_mode():
        for begin in range(0, len(rows), EVALUATED_ROWS):
            part = rows[begin : begin + EVALUATED_ROWS].to(device)
            answer[begin : begin + len(part)] = forward(part).double().cpu().numpy()
    return answer


def _range(output: FloatArray, base: FloatArray) -> float:
    if not len(output):
        return 0.0
    return float(max(output.max(), base[0]) - min(output.min(), base[0]))
