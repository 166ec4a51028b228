"""The rows of a block inside the model's worker, encoded once, and what changes make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError
from audits.models import Adapter, ReadsColumns

PROBES = (0.0, -0.0, 1.0, -3.0, 0.1, 1 / 3, 123456.789, -1e-7, 2.0**53 - 1, 1e300)
"""Numbers that come back as themselves only from a model that takes float64 as it is."""


@dataclass(slots=True)
class EncodedBlock:
    """One block. matrix: `[n_rows, n_encoded]`. owned: the encoded columns of each feature.
    example: one row, to encode single values in. pools: the name of the values that codes stand
    for, "" before they were sent. tables: for the features whose codes are
    positions in a pool, the encoded values by code, `[n_codes, n_owned]`. plain: whether a
    feature's numbers are encoded as themselves, where that was asked. moves: single changes
    as (feature, their places among all of them, what they are encoded as `[n_moves, n_owned]`)."""

    matrix: FloatArray
    owned: list[IntArray]
    example: pd.DataFrame
    pools: str = ""
    tables: dict[int, FloatArray] = field(default_factory=dict)
    plain: dict[int, bool] = field(default_factory=dict)
    moves: list[tuple[int, IntArray, FloatArray]] = field(default_factory=list)


BLOCKS: WeakKeyDictionary[Adapter, EncodedBlock] = WeakKeyDictionary()


def find_block(adapter: Adapter) -> EncodedBlock:
    """Return the block that was sent. Raises InputError where none was."""
    block = BLOCKS.get(adapter)
    if block is None:
        raise InputError("no rows were sent to be changed; send them first")
    return block


def change_rows(adapter: Adapter, block: EncodedBlock, proposals: pd.DataFrame) -> FloatArray:
    """Return the changed rows as the model sees them, `[n_proposals, n_encoded]`.

    proposals: "row", and for each slot "c0", "v0", "c1", ... a feature's place (-1: no change)
    and its new code.
    """
    matrix: FloatArray = block.matrix[proposals["row"].to_numpy()]
    for slot in range((proposals.shape[1] - 1) // 2):
        places, codes = proposals[f"c{slot}"].to_numpy(), proposals[f"v{slot}"].to_numpy()
        for place, here in split_places(places):
            values = encode_codes(adapter, block, place, codes[here])
            matrix[here[:, None], block.owned[place]] = values
    return matrix


def split_places(places: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Yield each feature's place and where it stands; -1 stands for no feature."""
    for place in np.unique(places[places >= 0]).tolist():
        yield place, np.flatnonzero(places == place)


def encode_codes(
    adapter: Adapter, block: EncodedBlock, place: int, codes: FloatArray
) -> FloatArray:
    """Return what the codes of a feature are encoded as, `[n, n_owned]`."""
    if place in block.tables:
        found: FloatArray = block.tables[place][codes.astype(np.int64)]
        return found
    if is_plain(adapter, block, place):
        return codes[:, None]
    if isinstance(adapter, ReadsColumns):
        return encode_values(adapter, block, place, pd.Series(codes))
    values, inverse = np.unique(codes, return_inverse=True)
    kind = block.example.dtypes.iloc[place]
    return encode_values(adapter, block, place, pd.Series(values).astype(kind))[inverse]


def is_plain(adapter: Adapter, block: EncodedBlock, place: int) -> bool:
    """Whether a model that reads each feature as one number reads this one as it is."""
    if not isinstance(adapter, ReadsColumns):
        return False
    if place not in block.plain:
        numbers = np.array(PROBES)
        read = encode_values(adapter, block, place, pd.Series(numbers))[:, 0]
        block.plain[place] = np.array_equal(read, numbers)
    return block.plain[place]


def encode_values(
    adapter: Adapter, block: EncodedBlock, place: int, values: pd.Series
) -> FloatArray:
    """Return what the values of a feature are encoded as, `[n, n_owned]`."""
    name = adapter.info.features[place]
    if isinstance(adapter, ReadsColumns):
        return adapter.encode_column(values.rename(name))[:, None]
    rows = block.example.iloc[np.zeros(len(values), dtype=np.int64)].reset_index(drop=True)
    rows[name] = values.reset_index(drop=True)
    owned: FloatArray = adapter.encode(rows).matrix[:, block.owned[place]]
    return owned
