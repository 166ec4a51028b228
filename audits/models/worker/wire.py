"""Messages between the audit and a model's worker: a JSON header and an Arrow stream.

Nothing that is read here can execute: no pickle, sizes are capped before memory is taken.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any

import pandas as pd
import pyarrow as pa

from audits.core.errors import AssayError

_SIZES = struct.Struct("<4sIQ")
_MAGIC = b"ASY1"
_CHUNK = 1 << 20
_FEW_ROWS = 1_000
MAX_HEADER = 64 << 20
MAX_BODY = 4 << 30


class WireError(AssayError):
    """The other side sent something that is not a message."""


class WireClosedError(AssayError):
    """The other side is gone."""


class WireTimeoutError(AssayError):
    """The other side did not answer in time."""


class Channel:
    """Two pipe ends. Deadlines are in `time.monotonic` seconds, None waits for ever."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def send(
        self, header: dict[str, Any], table: pa.Table | None, deadline: float | None = None
    ) -> None:
        """Write one message. Raises WireClosedError, WireTimeoutError."""
        head = json.dumps(header).encode()
        body = b"" if table is None else _write_table(table)
        if len(head) > MAX_HEADER or len(body) > MAX_BODY:
            raise WireError(f"a message of {len(head) + len(body):,} bytes is too large")
        start = _SIZES.pack(_MAGIC, len(head), len(body)) + head
        if len(body) <= _CHUNK:  # one write wakes the other side once
            self._write(b"".join((start, body)), deadline)
        else:
            self._write(start, deadline)
            self._write(body, deadline)

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], pa.Table | None]:
        """Read one message. Raises WireError, WireClosedError, WireTimeoutError."""
        magic, head_size, body_size = _SIZES.unpack(self._read(_SIZES.size, deadline))
        if magic != _MAGIC or head_size > MAX_HEADER or body_size > MAX_BODY:
            raise WireError("not a message, or one that is too large")
        head = self._read(head_size, deadline)
        body = self._read(body_size, deadline)
        try:
            header = json.loads(head)
            table = pa.ipc.open_stream(body).read_all() if body else None
            if table is not None:
                table.validate(full=True)
        except (ValueError, pa.ArrowException) as error:
            raise WireError(f"not a message: {error}") from error
        if not isinstance(header, dict):
            raise WireError("not a message: its header is no JSON object")
        return header, table

    def _write(self, data: bytes | pa.Buffer, deadline: float | None) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._write_fd, view[:_CHUNK]) :]
            except BlockingIOError:
                _wait([], [self._write_fd], deadline)
            except OSError as error:
                raise WireClosedError("the pipe is closed") from error

    def _read(self, size: int, deadline: float | None) -> bytearray:
        data = bytearray()
        while len(data) < size:
            try:
                chunk = os.read(self._read_fd, min(size - len(data), _CHUNK))
            except BlockingIOError:
                _wait([self._read_fd], [], deadline)
                continue
            except OSError as error:
                raise WireClosedError("the pipe is closed") from error
            if not chunk:
                raise WireClosedError("the pipe is closed")
            data += chunk
        return data


def _wait(readers: list[int], writers: list[int], deadline: float | None) -> None:
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise WireTimeoutError("no answer in time")
    poll = select.poll()
    for fd in readers:
        poll.register(fd, select.POLLIN)
    for fd in writers:
        poll.register(fd, select.POLLOUT)
    poll.poll(None if left is None else max(1, int(left * 1000)))


def _write_table(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def table_from_frame(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow; columns of mixed types travel as text, missing stays missing."""
    try:
        threads = 1 if len(frame) <= _FEW_ROWS else None
        return pa.Table.from_pandas(frame, preserve_index=False, nthreads=threads)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.Table.from_pandas(frame.apply(_as_arrow_can), preserve_index=False)


def _as_arrow_can(column: pd.Series) -> pd.Series:
    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return column.astype(object).map(str, na_action="ignore")
    return column


def frame_from_table(table: pa.Table) -> pd.DataFrame:
    """Return Arrow as a frame with the dtypes that `table_from_frame` was given."""
    # Threads cost more than they save on a row or two.
    frame: pd.DataFrame = table.to_pandas(use_threads=table.num_rows > _FEW_ROWS)
    return frame
