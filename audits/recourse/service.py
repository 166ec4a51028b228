"""Scoring changed rows inside the model's worker: only what changes crosses the pipe.

The rows of a block are sent and encoded once; a proposal is then a row's number, some columns'
numbers and their new codes. That takes a model whose prediction is a function of encoded columns,
each of which comes from one feature (`PredictsEncoded`); others are asked with whole frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.errors import CheckNotApplicableError, InputError
from audits.models.adapter import Adapter, FloatArray, IntArray, PredictsEncoded, ReadsColumns

MOST_COLUMNS = 2_000
"""Wider encoded rows (one-hot columns of thousands of values) would fill the memory."""


@dataclass(slots=True)
class Kept:
    """One block. matrix: `[n_rows, n_encoded]`. owned: the encoded columns of each feature.
    example: one row, to encode single values in. tables: for the features whose codes are
    positions in a pool, the encoded values by code, `[n_codes, n_owned]`."""

    matrix: FloatArray
    owned: list[IntArray]
    example: pd.DataFrame
    tables: dict[int, FloatArray] = field(default_factory=dict)


_KEPT: WeakKeyDictionary[Adapter, Kept] = WeakKeyDictionary()


def keep_rows(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_rows`: encode the rows that later proposals change.

    Raises CheckNotApplicableError where the model reads its features in another way.
    """
    del params
    features = adapter.info.features
    if not isinstance(adapter, PredictsEncoded) or list(frame.columns) != list(features):
        raise CheckNotApplicableError("this model is asked with whole rows")
    encoded = adapter.encode(frame)
    if encoded.matrix.shape[1] > MOST_COLUMNS:
        raise CheckNotApplicableError(f"more than {MOST_COLUMNS} encoded columns")
    owned = [np.flatnonzero(encoded.owner == place) for place in range(len(features))]
    _KEPT[adapter] = Kept(encoded.matrix, owned, frame.iloc[:1])
    return pa.table({}), {}


def keep_pool(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_pool`: encode the values of one feature, in the order of their codes."""
    place = int(params["place"])
    kept = _find_kept(adapter)
    kept.tables[place] = _encode_values(adapter, kept, place, frame.iloc[:, 0])
    return pa.table({}), {}


def score_proposals(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_score`: what the model says to each changed row.

    frame: "row", and for each slot "c0", "v0", "c1", ... a feature's place (-1: no change) and
    its new code. Returns one float64 column an output.
    """
    del params
    assert isinstance(adapter, PredictsEncoded)
    kept = _find_kept(adapter)
    matrix = kept.matrix[frame["row"].to_numpy()]
    for slot in range((frame.shape[1] - 1) // 2):
        places, codes = frame[f"c{slot}"].to_numpy(), frame[f"v{slot}"].to_numpy()
        for place in np.unique(places[places >= 0]).tolist():
            here = np.flatnonzero(places == place)
            values = _encode_codes(adapter, kept, place, codes[here])
            matrix[here[:, None], kept.owned[place]] = values
    scores = adapter.predict_encoded(matrix).reshape(len(frame), -1)
    arrays = [pa.array(np.ascontiguousarray(column, dtype=np.float64)) for column in scores.T]
    return pa.table(arrays, names=[str(index) for index in range(len(arrays))]), {}


def _encode_codes(adapter: Adapter, kept: Kept, place: int, codes: FloatArray) -> FloatArray:
    """Return what the codes of a feature are encoded as, `[n, n_owned]`."""
    if place in kept.tables:
        found: FloatArray = kept.tables[place][codes.astype(np.int64)]
        return found
    if isinstance(adapter, ReadsColumns):
        return _encode_values(adapter, kept, place, pd.Series(codes))
    values, inverse = np.unique(codes, return_inverse=True)
    kind = kept.example.dtypes.iloc[place]
    return _encode_values(adapter, kept, place, pd.Series(values).astype(kind))[inverse]


def _encode_values(adapter: Adapter, kept: Kept, place: int, values: pd.Series) -> FloatArray:
    name = adapter.info.features[place]
    if isinstance(adapter, ReadsColumns):
        return adapter.encode_column(values.rename(name))[:, None]
    rows = kept.example.iloc[np.zeros(len(values), dtype=np.int64)].reset_index(drop=True)
    rows[name] = values.reset_index(drop=True)
    owned: FloatArray = adapter.encode(rows).matrix[:, kept.owned[place]]
    return owned


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
