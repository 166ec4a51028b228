"""The `tabular` architecture of `assay.torch/1`: embeddings, standardised numbers, layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class TabularNetwork(nn.Module):
    """Embeddings of the categorical columns beside standardised numbers, through ReLU layers.

    n_numeric: numeric columns. embeddings: `(rows, dim)` of each categorical column, row 0 for
    missing and unseen. hidden: widths between input and output.
    """

    def __init__(
        self,
        n_numeric: int,
        embeddings: Sequence[tuple[int, int]],
        hidden: Sequence[int],
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(rows, dim) for rows, dim in embeddings)
        widths = [n_numeric + sum(dim for _, dim in embeddings), *hidden, n_outputs]
        self.layers = nn.ModuleList(
            nn.Linear(left, right) for left, right in itertools.pairwise(widths)
        )
        # Modules, though they hold no weights: DeepLIFT listens to what each of them is given.
        self.activations = nn.ModuleList(nn.ReLU() for _ in hidden)

    def embed(self, numeric: Tensor, codes: Tensor) -> Tensor:
        """Return the dense input `[n, width]` of the first layer.

        numeric: float32 `[n, n_numeric]`, standardised. codes: int64 `[n, n_categorical]`.
        """
        looked_up = [table(codes[:, index]) for index, table in enumerate(self.embeddings)]
        return torch.cat([numeric, *looked_up], dim=1)

    def forward_embedded(self, flat: Tensor) -> Tensor:
        """Return the logits `[n, n_outputs]` of a dense input `[n, width]`."""
        *inner, last = self.layers
        for layer, activation in zip(inner, self.activations, strict=True):
            flat = activation(layer(flat))
        logits: Tensor = last(flat)
        return logits

    def forward(self, numeric: Tensor, codes: Tensor) -> Tensor:
        """Return the logits `[n, n_outputs]`."""
        return self.forward_embedded(self.embed(numeric, codes))
