"""Reads tables of a FlatBuffer (flatbuffers.dev, internals) within bounds, without a schema.

Every offset is checked against the buffer before it is followed. Field numbers are those of the
schema, from 0.
"""

from __future__ import annotations

import struct

import numpy as np

_OFFSET = struct.Struct("<I")
_BACK = struct.Struct("<i")
_BYTE = struct.Struct("<B")
_SHORT = struct.Struct("<H")


class Table:
    """One table. Raises ValueError wherever the buffer is not whole."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._layout = position - _read(_BACK, data, position)
        size = _read(_SHORT, data, self._layout)
        if size < 4 or self._layout + size > len(data):
            raise ValueError("a table leads out of the file")
        self._n_fields = (size - 4) // 2

    def integer(self, field: int, default: int) -> int:
        """Return a 32-bit integer."""
        place = self._find(field)
        return default if place is None else _read(_BACK, self._data, place)

    def byte(self, field: int, default: int) -> int:
        """Return an 8-bit number without a sign."""
        place = self._find(field)
        return default if place is None else _read(_BYTE, self._data, place)

    def text(self, field: int) -> str:
        """Return a text, "" where it is absent."""
        place = self._follow(field)
        return "" if place is None else self._text_at(place)

    def array(self, field: int, kind: str | np.dtype) -> np.ndarray:
        """Return a vector of numbers (of a numpy kind, "<i4") or structs, empty where absent."""
        place = self._follow(field)
        if place is None:
            return np.empty(0, dtype=kind)
        count = _read(_OFFSET, self._data, place)
        if place + 4 + count * np.dtype(kind).itemsize > len(self._data):
            raise ValueError("a list leads out of the file")
        return np.frombuffer(self._data, dtype=kind, count=count, offset=place + 4)

    def table(self, field: int) -> Table:
        """Return an inner table. Raises ValueError where it is absent."""
        place = self._follow(field)
        if place is None:
            raise ValueError("a table is absent")
        return Table(self._data, place)

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables."""
        place = self._follow(field)
        return [] if place is None else [Table(self._data, item) for item in self._items(place)]

    def texts(self, field: int) -> list[str]:
        """Return a vector of texts."""
        place = self._follow(field)
        return [] if place is None else [self._text_at(item) for item in self._items(place)]

    def _items(self, place: int) -> list[int]:
        count = _read(_OFFSET, self._data, place)
        if place + 4 + 4 * count > len(self._data):
            raise ValueError("a list leads out of the file")
        starts = range(place + 4, place + 4 + 4 * count, 4)
        return [start + _read(_OFFSET, self._data, start) for start in starts]

    def _text_at(self, place: int) -> str:
        size = _read(_OFFSET, self._data, place)
        if place + 4 + size > len(self._data):
            raise ValueError("a text leads out of the file")
        return self._data[place + 4 : place + 4 + size].decode("utf-8", "replace")

    def _find(self, field: int) -> int | None:
        if field >= self._n_fields:
            return None
        offset = _read(_SHORT, self._data, self._layout + 4 + 2 * field)
        return self._position + offset if offset else None

    def _follow(self, field: int) -> int | None:
        place = self._find(field)
        return None if place is None else place + _read(_OFFSET, self._data, place)


def read_root(data: bytes) -> Table:
    """Return the buffer's root table. Raises ValueError where the buffer is not whole."""
    return Table(data, _read(_OFFSET, data, 0))


def _read(kind: struct.Struct, data: bytes, place: int) -> int:
    if not 0 <= place <= len(data) - kind.size:
        raise ValueError("it points outside the file")
    return int(kind.unpack_from(data, place)[0])
