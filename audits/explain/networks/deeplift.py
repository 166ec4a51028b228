"""DeepLIFT of torch networks (Shrikumar, Greenside and Kundaje 2017, "Learning Important Features
Through Propagating Activation Differences"; rescale rule), by captum."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from captum.attr import DeepLift
from torch import nn

from audits.core.arrays import FloatArray
from audits.explain.columns import ColumnAttribution, Request
from audits.explain.methods import DEEPLIFT
from audits.explain.networks.batches import (
    Output,
    average_over_baselines,
    choose_baselines,
    compute_in_batches,
    select_output,
)
from audits.models import NativeModel


class _Head(nn.Module):
    """A network from its dense input to one output `[n, 1]`, as captum wants it."""

    def __init__(self, estimator: NativeModel, column: int) -> None:
        super().__init__()
        self.network = estimator
        self._column = column

    def forward(self, dense: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network.forward_embedded(dense)
        return logits[:, self._column : self._column + 1]


def explain(estimator: NativeModel, matrix: FloatArray, request: Request) -> ColumnAttribution:
    """Explain a network's logit of one class, or its regression output.

    estimator: a network whose `forward_embedded` maps `[n, width]` to logits and whose
    non-linearities are modules, each used once. matrix: float64 `[n_rows, width]`. The comparison
    is with each of `choose_baselines`; over several the values are averaged (DeepLIFT SHAP), with
    their `error` against all reference rows.

    The parts add up to the output up to the network's rounding. They are no Shapley values:
    `exact` is False. `budget` counts passes through the network.
    """
    network = select_output(estimator, request, matrix.shape[1])
    rows = torch.as_tensor(matrix, dtype=network.weight.dtype)
    baselines = network.to_device(choose_baselines(request, matrix.shape[1]))
    column = request.target_class if request.task == "multiclass" else 0
    head = _Head(estimator, column)
    values, error = average_over_baselines(
        lambda baseline: compute_deeplift(head, network, rows, baseline), baselines, request
    )
    return ColumnAttribution(
        values=values,
        base=np.full(len(rows), float(network.evaluate(baselines).mean())),
        output=network.evaluate(rows),
        space=network.space,
        method=DEEPLIFT,
        exact=False,
        budget=2 * len(baselines),
        device=network.device,
        error=error,
    )


def compute_deeplift(
    head: nn.Module, network: Output, rows: torch.Tensor, baseline: torch.Tensor
) -> FloatArray:
    """Return DeepLIFT's contributions `[n_rows, n_columns]`, float64, against one baseline
    `[1, n_columns]` on the network's device."""
    engine = DeepLift(head)
    engine.gradient_func = _compute_gradients

    def contribute(part: slice) -> torch.Tensor:
        batch = rows[part].to(baseline.device).clone().requires_grad_()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="(?s).*Setting forward, backward hooks")
            answer: torch.Tensor = engine.attribute(batch, baseline.expand_as(batch), target=0)
        return answer

    # A row and its comparison, each with its input, output and gradient.
    return compute_in_batches(
        (rows.shape[0], rows.shape[1]), network, 6 * network.width, contribute
    )


def _compute_gradients(
    forward_fn: Callable[[], torch.Tensor], inputs: tuple[torch.Tensor, ...]
) -> tuple[torch.Tensor, ...]:
    """Return the gradient of each row's output; captum hands the inputs in by hooks. See
    `torch_batches.compute_gradients` for why not by captum's own function."""
    with torch.autograd.set_grad_enabled(True):
        return torch.autograd.grad(forward_fn().sum(), inputs)
