import contextlib
import os
import struct
import threading
import time

import pandas as pd
import pytest

from audits.models.worker.wire import (
    Channel,
    WireClosedError,
    WireError,
    WireTimeoutError,
    table_from_frame,
)


@pytest.fixture
def ends():
    read, write = os.pipe()
    other_read, other_write = os.pipe()
    yield Channel(read, other_write), Channel(other_read, write), write
    for fd in (read, write, other_read, other_write):
        with contextlib.suppress(OSError):
            os.close(fd)


def test_messages_larger_than_a_pipe_arrive_whole(ends):
    left, right, _ = ends
    table = table_from_frame(pd.DataFrame({"é": range(500_000), "t": "text"}))
    sender = threading.Thread(target=right.send, args=({"a": [1, "é"]}, table))
    sender.start()
    header, received = left.receive(time.monotonic() + 30)
    sender.join()
    assert header == {"a": [1, "é"]}
    assert received.equals(table)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense that is long enough",
        struct.pack("<4sIQ", b"ASY1", 1 << 31, 0),
        struct.pack("<4sIQ", b"ASY1", 2, 1 << 60),
        struct.pack("<4sIQ", b"ASY1", 2, 0) + b"[]",
        struct.pack("<4sIQ", b"ASY1", 2, 0) + b"{x",
        struct.pack("<4sIQ", b"ASY1", 2, 8) + b"{}notarrow",
    ],
)
def test_nonsense_is_an_error_before_memory_is_taken(ends, data):
    left, _, write = ends
    os.write(write, data)
    with pytest.raises(WireError):
        left.receive(time.monotonic() + 5)


def test_silence_and_an_end_are_told_apart(ends):
    left, _, write = ends
    with pytest.raises(WireTimeoutError):
        left.receive(time.monotonic() + 0.05)
    os.close(write)
    with pytest.raises(WireClosedError):
        left.receive(time.monotonic() + 5)
