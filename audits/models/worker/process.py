"""The process in which one model lives: `python -m audits.models.worker.process`.

It reads requests from its standard input and answers on what was its standard output. A native
library that dies on a file takes only this process with it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from audits.core.errors import (
    AssayError,
    CheckNotApplicableError,
    InputError,
    MissingPackageError,
    ModelCrashError,
)
from audits.core.package.extras import explain_missing
from audits.models.adapters.adapter import Adapter, Decides
from audits.models.adapters.readout import read_as
from audits.models.formats.formats import FORMATS
from audits.models.worker import wire

Handler = Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table | None, dict[str, Any]]]
_MAX_FILES = 1024
_PARENT_POLL_S = 2.0


class Worker:
    """One opened model and the services beside it."""

    def __init__(self, request: dict[str, Any]) -> None:
        known = {item.name: item for item in FORMATS}[request["format"]]
        self.adapter = read_as(
            known.load(Path(request["path"]), request["device"]), request["output"]
        )
        self.handlers: dict[str, Handler] = {}
        for name in request["services"]:
            self.handlers.update(importlib.import_module(name).HANDLERS)

    def describe(self) -> dict[str, Any]:
        """Return the model's info as JSON."""
        return asdict(self.adapter.info)

    def answer(
        self, request: dict[str, Any], table: pa.Table | None
    ) -> tuple[dict[str, Any], pa.Table | None]:
        """Return the header and the table that answer one request."""
        frame = pd.DataFrame() if table is None else wire.frame_from_table(table)
        if request["op"] == "predict":
            scores = self.adapter.predict(frame).astype("float64", copy=False)
            columns = scores.reshape(len(frame), -1)
            names = [str(index) for index in range(columns.shape[1])]
            arrays = [pa.array(columns[:, index]) for index in range(columns.shape[1])]
            return {"ok": True}, pa.table(arrays, names=names)
        if request["op"] == "decide":
            if not isinstance(self.adapter, Decides):
                raise InputError("this model answers probabilities and decides nothing itself")
            return {"ok": True}, pa.table({"class": self.adapter.decide(frame)})
        handler = self.handlers.get(request["name"])
        if handler is None:
            raise InputError(f"no service {request['name']!r} in this worker")
        result, details = handler(self.adapter, frame, request["params"])
        return {"ok": True, "details": details}, result


def serve(channel: wire.Channel) -> None:
    """Answer requests until the other side closes its end."""
    worker: Worker | None = None
    while True:
        try:
            request, table = channel.receive()
        except wire.WireClosedError:
            return
        try:
            if worker is None:
                limit_resources(request["device"])
                worker = Worker(request)
                header, body = {"ok": True, "details": worker.describe()}, None
            else:
                header, body = worker.answer(request, table)
        except Exception as error:
            header, body = describe_error(explain_missing(error)), None
        channel.send(header, body)


def describe_error(error: Exception) -> dict[str, Any]:
    """Return an error as JSON: its kind, and its message in one bounded line."""
    kinds = (MissingPackageError, InputError, CheckNotApplicableError, ModelCrashError, AssayError)
    kind = next((known.__name__ for known in kinds if isinstance(error, known)), "")
    message = " ".join(str(error).split())[:2000]
    if not kind:
        message = f"{type(error).__name__}: {message[:500]}"
    setting = error.setting if isinstance(error, InputError) else ""
    return {"ok": False, "kind": kind, "message": message, "setting": setting}


def limit_resources(device: str) -> None:
    """No core dumps, few files and, where no GPU driver needs them, no writes and no swapping."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _MAX_FILES)
    if device == "cpu":
        _lower(resource.RLIMIT_FSIZE, 0)
        # Libraries that ask at import where they might write would fail on trying it out.
        tempfile.tempdir = os.devnull
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        _lower(resource.RLIMIT_DATA, memory)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or limit < hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _leave_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_S)
    os._exit(1)


def main() -> None:
    """Take the pipes for the wire, away from whatever native libraries print, and serve."""
    channel = wire.Channel(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    with contextlib.suppress(wire.WireClosedError):
        serve(channel)


if __name__ == "__main__":
    main()
