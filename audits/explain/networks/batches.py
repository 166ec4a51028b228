"""What all attributions of torch networks share: one output, points of comparison, batches that
fit the device."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
import torch

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import MARGIN, TARGET, Request
from audits.explain.methods import AUTO, MEAN, SAMPLE, ZERO
from audits.models import NativeModel

BATCH_VALUES = {"cpu": 2**20, "cuda": 2**26, "mps": 2**24}
"""Values of the widest layer that one batch may hold: what caches hold, or what memory does."""

EVALUATED_ROWS = 65_536
SAMPLED_BASELINES = 16
CONFIDENCE = 0.95

Forward = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a network, and where it is computed.

    forward: `[n, n_columns]` to `[n]`. weight: any parameter, for device and dtype. width: the
    widest layer. space: what the output is in.
    """

    forward: Forward
    weight: torch.Tensor
    width: int
    space: str

    def to_device(self, values: FloatArray) -> torch.Tensor:
        """Return an array on the network's device, in its dtype."""
        return torch.as_tensor(values, dtype=self.weight.dtype).to(self.weight.device)

    def evaluate(self, rows: torch.Tensor) -> FloatArray:
        """Return the outputs `[n]` of rows `[n, n_columns]`, float64."""
        answer = np.empty(len(rows), dtype=np.float64)
        with torch.inference_mode():
            for begin in range(0, len(rows), EVALUATED_ROWS):
                part = rows[begin : begin + EVALUATED_ROWS].to(self.weight.device)
                answer[begin : begin + len(part)] = to_numpy(self.forward(part))
        return answer

    @property
    def device(self) -> str:
        """Where and in which numbers, e.g. "cuda:0 (NVIDIA H100), float32"."""
        return describe_device(self.weight)


def select_output(estimator: NativeModel, request: Request, n_columns: int) -> Output:
    """Return the logit of one class, or the regression's output, of a network whose
    `forward_embedded` maps `[n, n_columns]` to logits `[n, n_outputs]`."""
    column = request.target_class if request.task == "multiclass" else 0

    def forward(dense: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = estimator.forward_embedded(dense)[:, column]
        return logits

    widths = [item.shape[0] for item in estimator.parameters() if item.ndim == 2]
    return Output(
        forward,
        next(estimator.parameters()),
        max([n_columns, *widths]),
        TARGET if request.task == "regression" else MARGIN,
    )


def choose_baselines(request: Request, n_columns: int, most: int = SAMPLED_BASELINES) -> FloatArray:
    """Return the points of comparison `[n_baselines, n_columns]` that the request wants.

    "auto" is the mean. "sample" draws at most `most` reference rows without replacement.
    Raises CheckNotApplicableError where there are no reference rows to draw from.
    """
    if request.compare_with in (AUTO, MEAN):
        return request.baseline(n_columns)[None, :]
    if request.compare_with == ZERO:
        return np.zeros((1, n_columns))
    if request.background is None or not len(request.background):
        raise CheckNotApplicableError(
            "drawn points of comparison need reference rows, and there are none; use mean or zero"
        )
    if len(request.background) <= most:
        return request.background
    drawn = np.random.default_rng(request.seed).choice(len(request.background), most, replace=False)
    chosen: FloatArray = request.background[np.sort(drawn)]
    return chosen


def average_over_baselines(
    compute: Callable[[torch.Tensor], FloatArray], baselines: torch.Tensor, request: Request
) -> tuple[FloatArray, FloatArray | None]:
    """Return the mean of `compute(baseline)` `[n_rows, n_columns]` over the baselines, and its
    error where they were drawn: half of the 95% interval (Student's t, with the correction for a
    finite number of reference rows)."""
    count = len(baselines)
    mean = compute(baselines[:1])
    squares = np.zeros_like(mean)
    for place in range(1, count):
        found = compute(baselines[place : place + 1])
        change = found - mean
        mean = mean + change / (place + 1)
        squares += change * (found - mean)
    if request.compare_with != SAMPLE or request.background is None:
        return mean, None
    left = 1 - count / len(request.background)
    if count == 1 or left <= 0:
        return mean, np.zeros_like(mean)
    quantile = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)
    return mean, quantile * np.sqrt(squares / (count - 1) / count * left)


def compute_in_batches(
    shape: tuple[int, int],
    output: Output,
    values_a_row: int,
    compute: Callable[[slice], torch.Tensor],
) -> FloatArray:
    """Return `compute` of consecutive rows as one float64 array of `shape`.

    values_a_row: values of the widest layer that a row needs at the same time. The batch is halved
    when the device's memory runs out; with one row left torch's own error is raised.
    """
    values = np.empty(shape, dtype=np.float64)
    size = max(1, BATCH_VALUES[output.weight.device.type] // max(values_a_row, 1))
    begin = 0
    while begin < shape[0]:
        part = slice(begin, min(begin + size, shape[0]))
        try:
            values[part] = to_numpy(compute(part))
        except RuntimeError as error:
            if size == 1 or not _is_out_of_memory(error):
                raise
        else:
            begin = part.stop
            continue
        # Outside of the handler: the error holds on to what filled the memory.
        size = (part.stop - begin) // 2 or 1
        _free_memory(output.weight.device.type)
    return values


def compute_gradients(
    forward_fn: Callable[..., torch.Tensor],
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


def compute_range(output: FloatArray, base: float) -> float:
    """Return the range of outputs, the output of the comparison among them; 0 for no rows."""
    return float(max(output.max(), base) - min(output.min(), base)) if len(output) else 0.0


def to_numpy(values: torch.Tensor) -> FloatArray:
    """Return a tensor as float64; off the device first, for MPS has no float64."""
    array: FloatArray = values.detach().cpu().double().numpy()
    return array


def describe_device(weight: torch.Tensor) -> str:
    """Return the device of a tensor and its dtype in words."""
    kind = weight.device.type
    name = str(weight.device)
    if kind == "cuda":
        name += f" ({torch.cuda.get_device_name(weight.device)})"
    elif kind == "mps":
        name = f"mps ({platform.processor() or 'Apple GPU'})"
    return f"{name}, {str(weight.dtype).removeprefix('torch.')}"


def _is_out_of_memory(error: RuntimeError) -> bool:
    # MPS has no error of its own for it.
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)


def _free_memory(kind: str) -> None:
    if kind == "cuda":
        torch.cuda.empty_cache()
    elif kind == "mps":
        torch.mps.empty_cache()
