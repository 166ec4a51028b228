"""Reads Universal Binary JSON (ubjson.org, draft 12) as XGBoost writes it, within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

_NUMBERS = {
    b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8",
}  # fmt: skip
_LENGTHS = (b"i", b"U", b"I", b"l", b"L")
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}
_MAX_DEPTH = 32
Value = Any
"""None, a bool, a number, a text, a numpy array, or a list or dict of these."""


def loads(data: bytes) -> Value:
    """Return the value; typed arrays are numpy arrays. Raises ValueError where it is not whole."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.position != len(data):
        raise ValueError(f"{len(data) - reader.position} bytes follow its end")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        start, self.position = self.position, self.position + size
        if size < 0 or self.position > len(self._data):
            raise ValueError("it ends too early")
        return self._data[start : self.position]

    def peek(self) -> bytes:
        return self._data[self.position : self.position + 1]

    def value(self, depth: int) -> Value:
        if depth > _MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        marker = self.take(1)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker in _NUMBERS:
            return self.numbers(marker, 1)[0].item()
        if marker == b"S":
            return self.text()
        if marker == b"{":
            return self.members(depth)
        if marker == b"[":
            return self.items(depth)
        raise ValueError(f"byte {self.position - 1} is no value")

    def numbers(self, marker: bytes, count: int) -> np.ndarray:
        kind = np.dtype(_NUMBERS[marker])
        return np.frombuffer(self.take(kind.itemsize * count), dtype=kind)

    def length(self) -> int:
        marker = self.take(1)
        if marker not in _LENGTHS:
            raise ValueError(f"byte {self.position - 1} is no length")
        size = int(self.numbers(marker, 1)[0])
        if size < 0:
            raise ValueError("a length is negative")
        return size

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8", "replace")

    def members(self, depth: int) -> dict[str, Any]:
        result = {}
        while self.peek() != b"}":
            key = self.text()
            result[key] = self.value(depth + 1)
        self.take(1)
        return result

    def items(self, depth: int) -> Value:
        if self.peek() == b"$":
            self.take(1)
            marker = self.take(1)
            if marker not in _NUMBERS or self.take(1) != b"#":
                raise ValueError(f"byte {self.position - 1} is no array")
            return self.numbers(marker, self.length())
        if self.peek() == b"#":
            self.take(1)
            return [self.value(depth + 1) for _ in range(self.length())]
        result = []
        while self.peek() != b"]":
            result.append(self.value(depth + 1))
        self.take(1)
        return result
