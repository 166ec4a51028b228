"""The ways to attribute an output to columns: what each is called, says and compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AUTO = "auto"
TREE_SHAP = "tree_shap"
INTERVENTIONAL_SHAP = "interventional_shap"
LINEAR_SHAP = "linear_shap"
PERMUTATION_SHAP = "permutation_shap"
INTEGRATED_GRADIENTS = "integrated_gradients"
GRADIENT_SHAP = "gradient_shap"
DEEPLIFT = "deeplift"

MEAN = "mean"
ZERO = "zero"
SAMPLE = "sample"
"""What a network's output is compared with: the mean of the encoded reference rows, the origin of
its first layer (numbers at their training mean, no category), or drawn reference rows. "auto": the
method's own, the mean for one point of comparison and drawn rows for Gradient SHAP."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to attribute.

    title, meaning: for people. reference_rows: how many rows of the reference data it compares
    with at most; None for all of them, 0 where it compares with none.
    """

    title: str
    meaning: str
    reference_rows: int | None


METHODS: Mapping[str, Method] = {
    TREE_SHAP: Method(
        "SHAP for trees",
        "exact Shapley values; a column that is left out follows the splits of the trees in the "
        "proportions of the training rows",
        0,
    ),
    INTERVENTIONAL_SHAP: Method(
        "SHAP for trees against the reference rows",
        "exact Shapley values; a column that is left out takes the values of the reference rows",
        None,
    ),
    LINEAR_SHAP: Method(
        "SHAP of a linear model",
        "exact Shapley values: coefficient times distance from the mean of the reference rows",
        1_000,
    ),
    PERMUTATION_SHAP: Method(
        "Sampled SHAP",
        "Shapley values estimated by taking columns over from reference rows in random orders; "
        "every value comes with its error",
        256,
    ),
    INTEGRATED_GRADIENTS: Method(
        "Integrated gradients",
        "the network's slope added up on the straight way from a point of comparison",
        1_000,
    ),
    GRADIENT_SHAP: Method(
        "Gradient SHAP",
        "integrated gradients averaged over many points of comparison, drawn from the reference "
        "rows",
        256,
    ),
    DEEPLIFT: Method(
        "DeepLIFT",
        "the difference of each layer from what it answers at the point of comparison, handed "
        "back layer by layer",
        1_000,
    ),
}
"""Adding a method: its line here, and its engine's `METHODS`."""
