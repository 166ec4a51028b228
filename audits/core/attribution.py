"""Attribution: how much each feature moved each row's output. One type for every engine."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Attribution:
    """Additive explanations of `n_rows` outputs: `base + values.sum(axis=1) = output`.

    values: float64 `[n_rows, n_features]`, in `space` units, positive pushes the output up.
    features: names of the raw columns that a person knows, in `values`' order.
    base, output: float64 `[n_rows]`. space: "margin" (log-odds), "probability" or "target".
    method: the engine by name. exact: whether values are exact or an approximation.
    additivity_error: largest `|base + sum - output|` over the rows, in `space` units.
    budget: model evaluations per row (0 where the method makes none). device: "cpu", "cuda:0".
    error: for sampled values half of the 95% interval of each, `[n_rows, n_features]`; None for
    the others.
    """

    values: FloatArray
    features: tuple[str, ...]
    base: FloatArray
    output: FloatArray
    space: str
    method: str
    exact: bool
    additivity_error: float
    budget: int
    device: str
    error: FloatArray | None = None
