"""A tabular network with embeddings, and its file: `assay.torch/1` (docs/architecture.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

SCHEMA = "assay.torch/1"


@dataclass(frozen=True, slots=True)
class Numeric:
    """A numeric column: missing becomes `fill`, then `(x - mean) / std`."""

    name: str
    mean: float
    std: float
    fill: float


@dataclass(frozen=True, slots=True)
class Categorical:
    """A text column: embedding row 0 is missing or unseen, row i is the i-th category."""

    name: str
    categories: tuple[str, ...]
    dim: int


@dataclass(frozen=True, slots=True)
class Columns:
    """What the network reads from a table, and how."""

    numeric: tuple[Numeric, ...]
    categorical: tuple[Categorical, ...]

    @property
    def names(self) -> list[str]:
        """The raw columns, numeric ones first."""
        numeric = [column.name for column in self.numeric]
        return numeric + [column.name for column in self.categorical]


def measure_columns(
    frame: pd.DataFrame,
    numeric: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    dim: int = 4,
) -> Columns:
    """Return how to encode: means and spreads of `frame`'s columns, medians for missing values.

    A constant column gets spread 1.
    """
    scales = []
    for name in numeric:
        values = frame[name].astype(float)
        spread = float(values.std(ddof=0))
        scales.append(Numeric(name, float(values.mean()), spread or 1.0, float(values.median())))
    texts = [Categorical(name, tuple(values), dim) for name, values in categories.items()]
    return Columns(tuple(scales), tuple(texts))


def encode(frame: pd.DataFrame, columns: Columns) -> tuple[Tensor, Tensor]:
    """Return float32 `[n, numeric]` standardised numbers and int64 `[n, categorical]` codes."""
    numbers = np.empty((len(frame), len(columns.numeric)), dtype=np.float32)
    for index, scale in enumerate(columns.numeric):
        values = frame[scale.name].astype(float).fillna(scale.fill).to_numpy()
        numbers[:, index] = (values - scale.mean) / scale.std
    codes = np.empty((len(frame), len(columns.categorical)), dtype=np.int64)
    for index, column in enumerate(columns.categorical):
        # Known categories are numbered from 0, everything else is -1.
        known = pd.Index(column.categories, dtype=object)
        codes[:, index] = known.get_indexer(pd.Index(frame[column.name], dtype=object))
    return torch.from_numpy(numbers), torch.from_numpy(codes + 1)


class TabularNetwork(nn.Module):
    """Embeddings beside numbers, through linear layers with ReLU; one output, a logit."""

    def __init__(self, columns: Columns, hidden: Sequence[int]) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(len(column.categories) + 1, column.dim) for column in columns.categorical
        )
        width = len(columns.numeric) + sum(column.dim for column in columns.categorical)
        self.layers = nn.ModuleList(
            nn.Linear(inside, outside) for inside, outside in pairwise((width, *hidden, 1))
        )

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Return the logits `[n]` of the second class."""
        parts = [table(codes[:, index]) for index, table in enumerate(self.embeddings)]
        signal = torch.cat([numbers, *parts], dim=1)
        for index, layer in enumerate(self.layers):
            signal = layer(torch.relu(signal) if index else signal)
        return signal.squeeze(1)


def save_network(
    network: TabularNetwork,
    columns: Columns,
    classes: tuple[str, str],
    hidden: Sequence[int],
    path: Path,
) -> None:
    """Write `path` (JSON) and, beside it, the weights under the same name as safetensors.

    The JSON is written last: where it exists, the weights do.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = path.with_suffix(".safetensors")
    save_file(network.state_dict(), weights)
    declared = {
        "schema": SCHEMA,
        "architecture": "tabular",
        "weights": weights.name,
        "task": "binary",
        "classes": list(classes),
        "features": columns.names,
        "numeric": [asdict(column) for column in columns.numeric],
        "categorical": [asdict(column) for column in columns.categorical],
        "hidden": list(hidden),
    }
    path.write_text(json.dumps(declared, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
