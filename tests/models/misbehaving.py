"""A service whose handlers do what a broken native library or a hostile file may do."""

import os
import socket
import sys
import time
from pathlib import Path

import pyarrow as pa

from audits.core.errors import CheckNotApplicableError, InputError


def _abort(adapter, frame, params):
    os.abort()


def _hang(adapter, frame, params):
    while True:
        time.sleep(0.1)


def _leave(adapter, frame, params):
    os._exit(0)


def _chatter(adapter, frame, params):
    print("native libraries print")
    os.write(1, b"to the descriptor too\n")
    sys.stdout.flush()
    return pa.table({"sum": [float(frame["age"].sum())]}), {"echo": params}


def _input_error(adapter, frame, params):
    raise InputError("the column 'x' is wrong")


def _not_applicable(adapter, frame, params):
    raise CheckNotApplicableError("no trees here")


def _bug(adapter, frame, params):
    raise RuntimeError("first line\nsecond line " + "x" * 5000)


def _frame(adapter, frame, params):
    return pa.Table.from_pandas(frame), {"dtypes": [str(kind) for kind in frame.dtypes]}


def _surroundings(adapter, frame, params):
    try:
        written = Path(params["path"]).write_text("data") > 0
    except OSError:
        written = False
    try:
        with socket.socket() as sock:
            connected = sock is not None
    except OSError:
        connected = False
    return pa.table({}), {
        "environment": sorted(os.environ),
        "written": written,
        "connected": connected,
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "group": os.getpgid(0) == os.getpid(),
    }


HANDLERS = {
    "abort": _abort,
    "hang": _hang,
    "leave": _leave,
    "chatter": _chatter,
    "input_error": _input_error,
    "not_applicable": _not_applicable,
    "bug": _bug,
    "frame": _frame,
    "surroundings": _surroundings,
}
