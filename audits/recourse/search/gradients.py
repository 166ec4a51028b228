"""Gradients of what a row should get, for torch networks, in the model's worker.

A margin is the quantity whose gradient is taken: the log-odds of a probability, because a
network's sigmoid or softmax flattens the probability itself; how much more probable a class is
than the next; how far a value lies within a range. `goals.straighten` turns gains into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from audits.core.arrays import FloatArray
from audits.explain import Output, compute_in_batches
from audits.models import Adapter

Margin = Callable[[torch.Tensor, str], torch.Tensor]
"""From logits `[n, n_outputs]` and the model's task to margins `[n]`."""


def read_margin(params: dict[str, Any]) -> Margin:
    """Return the margin that `kind` names: "odds" and "lead" of one `output`, or "within" the
    range from `low` to `high` (None: open) of a predicted value."""
    kind, output = params["kind"], int(params.get("output", 0))
    if kind == "odds":
        return lambda logits, task: _odds(logits, task, output)
    if kind == "lead":
        return lambda logits, task: _lead(logits, task, output)
    ends = [(params["low"], 1.0), (params["high"], -1.0)]
    known = [(float(end), sign) for end, sign in ends if end is not None]
    return lambda logits, task: torch.stack(
        [sign * (logits[:, 0] - end) for end, sign in known]
    ).amin(dim=0)


def compute_gradients(adapter: Adapter, matrix: FloatArray, margin: Margin) -> FloatArray:
    """Return the gradient of each row's margin by the dense input, `[n_rows, n_encoded]`.

    Rows do not see each other, so that one backward pass of the sum is all rows' gradients.
    """
    network = adapter.estimator
    weight = next(network.parameters())
    width = max([matrix.shape[1], *(item.shape[0] for item in network.parameters())])
    output = Output(
        lambda dense: margin(network.forward_embedded(dense), adapter.info.task),
        weight,
        width,
        "margin",
    )
    rows = torch.as_tensor(matrix, dtype=weight.dtype)

    def differentiate(part: slice) -> torch.Tensor:
        dense = rows[part].to(weight.device).requires_grad_(True)
        with torch.enable_grad():
            total = output.forward(dense).sum()
        return torch.autograd.grad(total, dense)[0]

    return compute_in_batches((len(matrix), matrix.shape[1]), output, width, differentiate)


def _odds(logits: torch.Tensor, task: str, output: int) -> torch.Tensor:
    if task == "binary":
        return logits[:, 0] if output == 1 else -logits[:, 0]
    rest = torch.arange(logits.shape[1], device=logits.device) != output
    return logits[:, output] - torch.logsumexp(logits[:, rest], dim=1)


def _lead(logits: torch.Tensor, task: str, output: int) -> torch.Tensor:
    if task == "binary":
        shares = torch.sigmoid(logits[:, 0])
        return 2 * shares - 1 if output == 1 else 1 - 2 * shares
    shares = torch.softmax(logits, dim=1)
    rest = torch.arange(logits.shape[1], device=logits.device) != output
    return shares[:, output] - shares[:, rest].amax(dim=1)
