"""Scoring changed rows inside the model's worker: only what changes crosses the pipe.

The rows of a block are sent and encoded once; a proposal is then a row's number, some columns'
numbers and their new codes. That takes a model which reads each feature as one number
(`MatrixAdapter`: LightGBM, XGBoost); others are asked with whole frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.errors import CheckNotApplicableError, InputError
from audits.models.adapter import Adapter, FloatArray, MatrixAdapter


@dataclass(slots=True)
class Kept:
    """One block. matrix: `[n_rows, n_features]`, encoded. tables: for the features whose codes
    are positions in a pool, the encoded values by code."""

    matrix: FloatArray
    tables: dict[int, FloatArray]


_KEPT: WeakKeyDictionary[Adapter, Kept] = WeakKeyDictionary()


def keep_rows(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_rows`: encode the rows that later proposals change.

    Raises CheckNotApplicableError where the model reads its features in another way.
    """
    del params
    if not isinstance(adapter, MatrixAdapter) or list(frame.columns) != list(adapter.info.features):
        raise CheckNotApplicableError("this model is asked with whole rows")
    _KEPT[adapter] = Kept(adapter.encode(frame).matrix, {})
    return pa.table({}), {}


def keep_pool(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_pool`: encode the values of one feature, in the order of their codes."""
    assert isinstance(adapter, MatrixAdapter)
    name = adapter.info.features[int(params["place"])]
    column = frame.iloc[:, 0].rename(name)
    _find_kept(adapter).tables[int(params["place"])] = adapter.encode_column(column)
    return pa.table({}), {}


def score_proposals(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_score`: what the model says to each changed row.

    frame: "row", and for each slot "c0", "v0", "c1", ... a feature's place (-1: no change) and
    its new code. Returns one float64 column an output.
    """
    del params
    assert isinstance(adapter, MatrixAdapter)
    kept = _find_kept(adapter)
    matrix = kept.matrix[frame["row"].to_numpy()]
    for slot in range((frame.shape[1] - 1) // 2):
        places, codes = frame[f"c{slot}"].to_numpy(), frame[f"v{slot}"].to_numpy()
        for place in np.unique(places[places >= 0]).tolist():
            here = np.flatnonzero(places == place)
            matrix[here, place] = _encode(adapter, kept, place, codes[here])
    scores = adapter.predict_matrix(matrix).reshape(len(frame), -1)
    arrays = [pa.array(np.ascontiguousarray(column, dtype=np.float64)) for column in scores.T]
    return pa.table(arrays, names=[str(index) for index in range(len(arrays))]), {}


def _encode(adapter: MatrixAdapter, kept: Kept, place: int, codes: FloatArray) -> FloatArray:
    if place in kept.tables:
        found: FloatArray = kept.tables[place][codes.astype(np.int64)]
        return found
    return adapter.encode_column(pd.Series(codes, name=adapter.info.features[place]))


def _find_kept(adapter: Adapter) -> Kept:
    kept = _KEPT.get(adapter)
    if kept is None:
        raise InputError("no rows were sent to be changed; send them first")
    return kept


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {
    "recourse_rows": keep_rows,
    "recourse_pool": keep_pool,
    "recourse_score": score_proposals,
}
