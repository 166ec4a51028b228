"""Interaction values: how much of each row's output is of two columns together. The worker's side
(`compute_interaction_values`) and the audit's (`compute_interactions`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError, InputError, ModelCrashError
from audits.explain.columns import PROBABILITY, Request
from audits.explain.sampled.any_model import check_class
from audits.models import Adapter, ModelClient, kind_of, select_features

CHUNK_CELLS = 1 << 22
"""Numbers that one answer of the worker may hold: 32 MB."""


@dataclass(frozen=True, slots=True)
class Interactions:
    """Interaction values of raw columns, exact.

    values: float64 `[n_rows, n_features, n_features]` in units of `space`, symmetric: off the
    diagonal half of what two columns do together, on it what a column does alone. Summed over the
    last axis they are the attributions; base plus all of them is the output. base, output:
    `[n_rows]`. space: as in `audits.core.attribution.Attribution`.
    """

    features: tuple[str, ...]
    values: FloatArray
    base: FloatArray
    output: FloatArray
    space: str


def compute_interaction_values(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `interactions`: `values` (a list of n_features squared numbers a row), `base` and
    `output`. params: `target_class`.

    Raises CheckNotApplicableError for a model whose interactions are not known exactly.
    """
    check_class(adapter, params)
    # Loads treelite, which most requests to a worker do not need.
    from audits.explain.trees.interactions import (  # noqa: PLC0415
        compute_tree_interactions,
        has_interactions,
    )

    if not has_interactions(adapter.estimator):
        raise CheckNotApplicableError(
            "interaction values are exact for XGBoost, LightGBM and scikit-learn's trees only, "
            f"not for a model of kind {kind_of(adapter.estimator)}"
        )
    task, target_class = adapter.info.task, int(params.get("target_class", 1))
    encoded = adapter.encode(frame)
    request = Request(task, target_class if task == "multiclass" else 1)
    found = compute_tree_interactions(adapter.estimator, encoded.matrix, request)
    n = len(adapter.info.features)
    values = _sum_both(found.values, np.asarray(encoded.owner, dtype=np.intp), n)
    base, output = found.base, found.output
    if task == "binary" and target_class == 0:
        shift = 1.0 if found.space == PROBABILITY else 0.0
        values, base, output = -values, shift - base, shift - output
    cells = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), n * n)
    table = pa.table([cells, pa.array(base), pa.array(output)], names=["values", "base", "output"])
    return table, {"space": found.space}


def _sum_both(values: FloatArray, owner: IndexArray, n_features: int) -> FloatArray:
    """Sum encoded columns to their raw ones on both axes: what two columns of one raw column do
    together is of that column alone."""
    member = np.zeros((len(owner), n_features))
    member[np.arange(len(owner)), owner] = 1.0
    summed: FloatArray = member.T @ values @ member
    return summed


def compute_interactions(
    client: ModelClient, frame: pd.DataFrame, *, target_class: int = 1
) -> Interactions:
    """Return the interaction values of all rows of `frame`, at least one, in memory.

    client: opened with `services=[audits.explain.engine.SERVICE]`. target_class: index in
    `client.info.classes`, ignored for regression. Work and memory grow with the columns squared:
    meant for some hundred rows.
    Raises CheckNotApplicableError for a model whose interactions are not known exactly, InputError
    without rows, ModelCrashError where the worker dies or answers nonsense.
    """
    if not len(frame):
        raise InputError("there are no rows to explain; give at least one row of data")
    features = client.info.features
    n = len(features)
    chosen = select_features(frame, features)
    step = max(1, CHUNK_CELLS // max(n * n, 1))
    parts = []
    space = ""
    for begin in range(0, len(chosen), step):
        rows = chosen.iloc[begin : begin + step]
        table, details = client.call("interactions", rows, {"target_class": target_class})
        parts.append(_read(table, len(rows), n))
        space = str(details["space"])
    values, base, output = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Interactions(features, values, base, output, space)


def _read(table: pa.Table, n_rows: int, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    cells = table["values"].combine_chunks().flatten().to_numpy()
    base, output = table["base"].to_numpy(), table["output"].to_numpy()
    if table.num_rows != n_rows or len(cells) != n_rows * n * n:
        raise ModelCrashError("the model's worker answered interactions of the wrong shape")
    if not all(np.isfinite(array).all() for array in (cells, base, output)):
        raise ModelCrashError("the model's interaction values are not finite numbers")
    return cells.reshape(n_rows, n, n), base, output
