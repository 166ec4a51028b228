"""Torch networks as `assay.torch/1`: a JSON file beside safetensors weights."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError
from audits.models.adapters.adapter import Encoded, Format, ModelInfo, NativeModel, with_complement
from audits.models.adapters.columns import Categories, compute_numbers, select_features
from audits.models.files.torch_spec import TorchSpec, load_spec

_MAX_HEADER_BYTES = 10 << 20
_BYTES_PER_VALUE = 4


class TorchAdapter:
    """A network of ours with somebody's weights.

    For gradients: `tensors(frame)` gives the network's inputs, `estimator.embed(*tensors)` the
    dense `[n, width]` input of its first layer, `estimator.forward_embedded(dense)` the logits,
    and `owner` the raw feature (index in `info.features`) of each dense column.
    """

    def __init__(
        self, network: NativeModel, spec: TorchSpec, device: str, device_name: str
    ) -> None:
        self.estimator = network
        self.device = device
        self.info = ModelInfo("torch", spec.task, spec.classes, spec.features, device_name)
        self.owner = _owner(spec)
        self._spec = spec
        self._codes = [Categories(item.categories) for item in spec.categorical]

    def tensors(self, frame: pd.DataFrame) -> tuple[Any, Any]:
        """Return the network's inputs on its device.

        numeric: float32 `[n, n_numeric]`, filled and standardised. codes: int64
        `[n, n_categorical]`, 0 for missing and unseen.
        """
        import torch  # noqa: PLC0415

        chosen = select_features(frame, self.info.features)
        numeric = np.empty((len(chosen), len(self._spec.numeric)), dtype=np.float32)
        for index, column in enumerate(self._spec.numeric):
            values = compute_numbers(chosen[column.name])
            filled = np.where(np.isnan(values), column.fill, values)
            numeric[:, index] = (filled - column.mean) / column.std
        codes = np.empty((len(chosen), len(self._codes)), dtype=np.int64)
        for index, known in enumerate(self._codes):
            codes[:, index] = known.compute_codes(chosen[self._spec.categorical[index].name]) + 1
        return torch.from_numpy(numeric).to(self.device), torch.from_numpy(codes).to(self.device)

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        return self._run(lambda: self.estimator(*self.tensors(frame)))

    def predict_encoded(self, matrix: FloatArray) -> FloatArray:
        """Return what `predict` answers for the rows behind `matrix`."""
        import torch  # noqa: PLC0415

        weight = next(self.estimator.parameters())
        dense = torch.as_tensor(matrix, dtype=weight.dtype, device=weight.device)
        return self._run(lambda: self.estimator.forward_embedded(dense))

    def _run(self, network: Callable[[], NativeModel]) -> FloatArray:
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            logits = network().cpu().double()  # in this order: MPS has no float64
            if self.info.task == "multiclass":
                scores = torch.softmax(logits, dim=1)
            elif self.info.task == "binary":
                scores = torch.sigmoid(logits)[:, 0]
            else:
                scores = logits[:, 0]
        values: FloatArray = scores.numpy()
        return with_complement(values) if self.info.task == "binary" else values

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the dense input of the first layer, one owner a column."""
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            dense = self.estimator.embed(*self.tensors(frame)).cpu().double().numpy()
        return Encoded(dense, self.owner)


def _owner(spec: TorchSpec) -> IntArray:
    names = [item.name for item in spec.numeric]
    for item in spec.categorical:
        names.extend([item.name] * item.dim)
    return np.array([spec.features.index(name) for name in names], dtype=np.int64)


def load(path: Path, device: str) -> TorchAdapter:
    """Open a network. Raises InputError where a half is damaged or they do not fit together."""
    spec = load_spec(path)
    weights = path.with_name(spec.weights)
    if weights.resolve().parent != path.resolve().parent:
        raise InputError(f"the weights of {path.name} lie in another folder; put them beside it")
    if not weights.is_file():
        raise InputError(
            f"{path.name} names the weights {spec.weights!r}, and there is no such file"
        )
    _check_safetensors(weights)
    import safetensors.torch  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from audits.models.formats.torch_tabular import TabularNetwork  # noqa: PLC0415

    place, name = _device(device)
    network = TabularNetwork(
        len(spec.numeric),
        [(len(item.categories) + 1, item.dim) for item in spec.categorical],
        spec.hidden,
        spec.n_outputs,
    )
    tensors = safetensors.torch.load_file(str(weights))
    _check_tensors(tensors, network.state_dict(), weights.name)
    network.load_state_dict(tensors)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
        if not torch.isfinite(parameter).all():
            raise InputError(f"{weights.name} holds weights that are not finite numbers")
    return TorchAdapter(network.eval().to(place), spec, place, name)


def _device(wanted: str) -> tuple[str, str]:
    import torch  # noqa: PLC0415

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        wanted = next((name for name, found in there.items() if found), "cpu")
    if not there.get(wanted, True):
        kind = {"cuda": "CUDA", "mps": "Apple (MPS)"}[wanted]
        raise InputError(
            f"device {wanted} was asked for and there is no {kind} GPU; use auto or cpu"
        )
    if wanted == "cuda":
        return "cuda:0", f"cuda:0 ({torch.cuda.get_device_name(0)})"
    return (wanted, "mps (Apple GPU)") if wanted == "mps" else ("cpu", "cpu")


def _check_safetensors(path: Path) -> None:
    """Raise InputError unless the header is whole and its tensors tile the rest of the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
            raise _damaged(path, "its header is not whole")
        try:
            header = json.loads(file.read(length))
            ranges = [
                _checked_range(item) for name, item in header.items() if name != "__metadata__"
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(path, f"its header is no list of tensors ({error})") from error
    position = 0
    for begin, end in sorted(ranges):
        if begin != position:
            raise _damaged(path, "its tensors overlap or leave gaps")
        position = end
    if position != size - 8 - length:
        raise _damaged(path, "its tensors do not end where the file ends")


def _checked_range(item: dict[str, Any]) -> tuple[int, int]:
    begin, end = item["data_offsets"]
    if item["dtype"] != "F32":
        raise ValueError(f"type {item['dtype']}, where only F32 is allowed")
    if not 0 <= begin <= end or any(side < 0 for side in item["shape"]):
        raise ValueError("an impossible range")
    if end - begin != math.prod(item["shape"]) * _BYTES_PER_VALUE:
        raise ValueError("a shape that does not fit its range")
    return begin, end


def _check_tensors(found: dict[str, Any], wanted: dict[str, Any], name: str) -> None:
    for key in sorted({*found, *wanted}):
        if key not in found:
            raise InputError(f"{name} lacks the tensor {key!r} that the network needs")
        if key not in wanted:
            raise InputError(f"{name} holds a tensor {key!r} that the network does not have")
        if found[key].shape != wanted[key].shape:
            raise InputError(
                f"{name}: tensor {key!r} is {list(found[key].shape)}, but the network needs "
                f"{list(wanted[key].shape)}"
            )


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"the weights {path.name} are damaged: {why}; write them again")


def _recognises(path: Path, head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"assay.torch/' in head


FORMAT = Format("torch", (".torch.json", ".json"), _recognises, load)
