"""Scoring changed rows inside the model's worker: only what changes crosses the pipe.

The rows of a block are sent and encoded once; a proposal is then a row's number, some columns'
numbers and their new codes. That takes a model whose prediction is a function of encoded columns,
each of which comes from one feature (`PredictsEncoded`); others are asked with whole frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.models import Adapter, PredictsEncoded
from audits.recourse.worker.encoded_block import (
    BLOCKS,
    EncodedBlock,
    change_rows,
    encode_codes,
    encode_values,
    find_block,
    is_plain,
    split_places,
)

GRADIENTS = frozenset({"torch"})
"""Formats of models that have gradients."""
MAX_COLUMNS = 2_000
"""Wider encoded rows (one-hot columns of thousands of values) would fill the memory."""


def keep_rows(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_rows`: encode the rows that later proposals change.

    params: "pools", the name of pools that were sent earlier; "numbers", the features that are
    numbers where the encoded rows are asked for, else null. Returns the encoded rows and what the
    model says to them where they were asked for. Details: "pools", whether those are still known;
    "plain", whether all of the numbers are encoded as themselves.
    Raises CheckNotApplicableError where the model reads its features in another way.
    """
    features = adapter.info.features
    if not isinstance(adapter, PredictsEncoded) or list(frame.columns) != list(features):
        raise CheckNotApplicableError("this model is asked with whole rows")
    encoded = adapter.encode(frame)
    if encoded.matrix.shape[1] > MAX_COLUMNS:
        raise CheckNotApplicableError(f"more than {MAX_COLUMNS} encoded columns")
    owned = [np.flatnonzero(encoded.owner == place) for place in range(len(features))]
    before, block = BLOCKS.get(adapter), EncodedBlock(encoded.matrix, owned, frame.iloc[:1])
    known = before is not None and before.pools == params["pools"]
    if before is not None and known:
        block.pools, block.tables, block.plain = before.pools, before.tables, before.plain
    BLOCKS[adapter] = block
    numbers = params["numbers"]
    plain = all(is_plain(adapter, block, place) for place in numbers or ())
    details = {"pools": known, "plain": plain}
    if numbers is None:
        return pa.table({}), details
    answers = adapter.predict_encoded(block.matrix).reshape(len(frame), -1)
    return _tabulate(np.hstack([block.matrix, answers])), details


def keep_pools(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_pools`: encode the values of features, in the order of their codes.

    frame: a column for each of the features at `places`; a shorter pool repeats its last value.
    params: "places", and "name", by which the pools are known from now on.
    Returns what they are encoded as where that is one number, else NaN.
    """
    block = find_block(adapter)
    told = []
    for index, place in enumerate(params["places"]):
        table = encode_values(adapter, block, place, frame.iloc[:, index])
        block.tables[place] = table
        told.append(table[:, 0] if table.shape[1] == 1 else np.full(len(table), np.nan))
    block.pools = params["name"]
    return _tabulate(np.array(told).reshape(len(told), len(frame)).T), {}


def list_trees(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_trees`: the nodes of a tree ensemble, see `forest_wire`.

    Raises CheckNotApplicableError where the model is none, or reads its columns in another way
    than one by one.
    """
    from audits.recourse.forests.forest_wire import describe_trees  # noqa: PLC0415

    del frame, params
    return describe_trees(adapter)


def score_proposals(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_score`: what the model says to each changed row.

    frame: as `change_rows` reads it. Returns one float64 column an output.
    """
    del params
    assert isinstance(adapter, PredictsEncoded)
    matrix = change_rows(adapter, find_block(adapter), frame)
    return _tabulate(adapter.predict_encoded(matrix).reshape(len(frame), -1)), {}


def _tabulate(values: FloatArray) -> pa.Table:
    arrays = [pa.array(np.ascontiguousarray(column, dtype=np.float64)) for column in values.T]
    return pa.table(arrays, names=[str(index) for index in range(len(arrays))])


def keep_moves(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_moves`: encode the single changes that gradients will be read along.

    frame: "place" and "code". Raises CheckNotApplicableError where the model has no gradients.
    """
    del params
    if adapter.info.format not in GRADIENTS:
        raise CheckNotApplicableError("this model has no gradients")
    block = find_block(adapter)
    codes = frame["code"].to_numpy()
    block.moves = [
        (place, here, encode_codes(adapter, block, place, codes[here]))
        for place, here in split_places(frame["place"].to_numpy())
    ]
    return pa.table({}), {}


def follow_gradients(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `recourse_gradients`: what each kept move would add to the goal's margin of each
    changed row, to first order.

    frame: as `change_rows` reads it. params: see `gradients.read_margin`. Returns "added", a
    list of float32 a row, one for each move in the order in which they were sent.
    """
    from audits.recourse.search.gradients import compute_gradients, read_margin  # noqa: PLC0415

    block = find_block(adapter)
    matrix = change_rows(adapter, block, frame)
    slopes = compute_gradients(adapter, matrix, read_margin(params))
    count = sum(len(here) for _, here, _ in block.moves)
    added = np.empty((len(matrix), count), dtype=np.float32)
    for place, here, encoded in block.moves:
        mine = block.owned[place]
        now = (slopes[:, mine] * matrix[:, mine]).sum(axis=1)
        added[:, here] = slopes[:, mine] @ encoded.T - now[:, None]
    flat = pa.array(added.ravel())
    return pa.table({"added": pa.FixedSizeListArray.from_arrays(flat, count)}), {}


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {
    "recourse_rows": keep_rows,
    "recourse_pools": keep_pools,
    "recourse_trees": list_trees,
    "recourse_score": score_proposals,
    "recourse_moves": keep_moves,
    "recourse_gradients": follow_gradients,
}
