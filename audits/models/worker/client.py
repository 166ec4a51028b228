"""The audit's side of a model: starts the worker, asks it, and turns its death into a message."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import (
    AssayError,
    CheckNotApplicableError,
    InputError,
    MissingPackageError,
    ModelCrashError,
)
from audits.core.package.child import make_command, make_environment
from audits.models.adapters.adapter import ModelInfo
from audits.models.adapters.columns import select_features
from audits.models.adapters.names import FeatureNames, name_features
from audits.models.formats.formats import detect_format
from audits.models.worker import wire

BATCH_ROWS = 65_536
OPEN_TIMEOUT_S = 180.0
CALL_TIMEOUT_S = 3600.0
DEVICES = ("cpu", "cuda", "mps", "auto")
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "MKL_NUM_THREADS",
                   "OPENBLAS_NUM_THREADS")  # fmt: skip
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "OMP_")
_ERRORS: Mapping[str, type[Exception]] = {
    "InputError": InputError,
    "MissingPackageError": MissingPackageError,
    "CheckNotApplicableError": CheckNotApplicableError,
    "ModelCrashError": ModelCrashError,
    "AssayError": AssayError,
}


def open_model(
    path: str | Path,
    *,
    device: str = "cpu",
    services: Sequence[str] = (),
    timeout_s: float = CALL_TIMEOUT_S,
    output: str = "",
    features: Sequence[str] | Mapping[str, str] = (),
) -> ModelClient:
    """Open a model file in a worker process of its own.

    device: "cpu", "cuda", "mps" (Apple) or "auto" (the first of CUDA, MPS and CPU that is there).
    They serve torch networks; CUDA, asked for by name, XGBoost too; others stay on the CPU.
    services: modules whose HANDLERS `ModelClient.call` reaches. timeout_s: how long one request
    may take. output: what the model's numbers are, "" as the file says. features: the data's
    names for the model's inputs: see `name_features`.
    Raises InputError where the file is missing, refused, damaged or not a model.
    """
    if device not in DEVICES:
        raise InputError(f"device {device!r} is unknown; use cpu, cuda, mps or auto")
    file = Path(path).absolute()
    known = detect_format(file)
    client = ModelClient(timeout_s, known.variables(file))
    request = {
        "op": "open",
        "path": str(file),
        "format": known.name,
        "device": device,
        "services": list(services),
        "output": output,
    }
    try:
        client.start(request, file.name)
        client.rename(features)
    except BaseException:
        client.close()
        raise
    return client


class ModelClient:
    """A model in its worker. Use it as a context manager, or call `close`.

    One request at a time: threads that share a client wait for each other. After a crash or a
    timeout the client is not `alive`; open the model again.
    """

    info: ModelInfo

    def __init__(self, timeout_s: float, variables: Sequence[str] = ()) -> None:
        self._timeout_s = timeout_s
        self._names = FeatureNames((), ())
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            make_command("audits.models.worker.process"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=os.sep,
            env=_environment(variables),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._channel = wire.Channel(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._finalizer = weakref.finalize(self, _end, self._process)

    def start(self, request: dict[str, Any], name: str) -> None:
        """Send the opening request; raises InputError where the file kills the library."""
        try:
            answer, _ = self._exchange(request, None, OPEN_TIMEOUT_S)
        except ModelCrashError as error:
            raise InputError(
                f"the library died while opening {name} ({error}); the file is damaged or made by "
                "a version that is not compatible: write it again"
            ) from error
        details = answer["details"]
        lists = {name: tuple(details[name]) for name in ("classes", "features")}
        self.info = ModelInfo(**details | lists)
        self._names = name_features(self.info.features, ())

    def rename(self, features: Sequence[str] | Mapping[str, str]) -> None:
        """Call the model's inputs as the data does: see `name_features`."""
        self._names = name_features(self._names.inputs, features)
        self.info = replace(self.info, features=self._names.columns)

    @property
    def renamed(self) -> dict[str, str]:
        """The data's columns by the model's own names, where those differ."""
        names = zip(self._names.inputs, self._names.columns, strict=True)
        return {name: column for name, column in names if name != column}

    def name_classes(self, classes: tuple[str, ...]) -> None:
        """Call the model's classes, in their order, as the data spells them."""
        self.info = replace(self.info, classes=classes)

    @property
    def alive(self) -> bool:
        """Whether the worker can be asked."""
        return self._finalizer.alive and self._process.poll() is None

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]` in [0, 1], or `[n]` values for regression.

        frame: at least the columns `info.features`, in any order; others are ignored.
        Raises InputError on missing columns or values that the model cannot read,
        ModelCrashError where the worker dies, hangs or answers nonsense.
        """
        chosen = select_features(frame, self.info.features)
        width = max(1, len(self.info.classes))
        scores = np.empty((len(chosen), width), dtype=np.float64)
        for start in range(0, len(chosen), BATCH_ROWS):
            batch = chosen.iloc[start : start + BATCH_ROWS]
            request = {"op": "predict"}
            _, table = self._exchange(request, _send(batch), self._timeout_s)
            scores[start : start + len(batch)] = _read_scores(table, len(batch), width, start)
        if self.info.task == "regression":
            return scores[:, 0]
        if len(scores) and not (scores.min() >= -1e-6 and scores.max() <= 1 + 1e-6):
            raise ModelCrashError("the model answered class probabilities outside [0, 1]")
        return np.clip(scores, 0.0, 1.0)

    def decide(self, frame: pd.DataFrame) -> IntArray:
        """Return what the model's own `predict` decides: places in `info.classes`, `[n]`.

        Raises as `predict` does, and InputError where `info.rule` is "none".
        """
        chosen = select_features(frame, self.info.features)
        decided = np.empty(len(chosen), dtype=np.int64)
        for start in range(0, len(chosen), BATCH_ROWS):
            batch = chosen.iloc[start : start + BATCH_ROWS]
            _, table = self._exchange({"op": "decide"}, _send(batch), self._timeout_s)
            if table is None or table.num_rows != len(batch) or table.schema.types != [pa.int64()]:
                raise ModelCrashError(f"the model did not decide each of {len(batch)} rows")
            decided[start : start + len(batch)] = table.column(0).to_numpy()
        return decided

    def call(
        self, name: str, frame: pd.DataFrame | pa.Table, params: Mapping[str, Any] | None = None
    ) -> tuple[pa.Table, dict[str, Any]]:
        """Run the handler `name` of a service beside the model; see `predict` for the errors.

        A frame given as an Arrow table saves the conversion; the handler sees a frame all the same.
        """
        request = {"op": "call", "name": name, "params": dict(params or {})}
        answer, table = self._exchange(request, _send(frame), self._timeout_s)
        return (pa.table({}) if table is None else table), answer["details"]

    def close(self) -> None:
        """End the worker. Safe to call twice."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(
        self, request: dict[str, Any], table: pa.Table | None, timeout_s: float
    ) -> tuple[dict[str, Any], pa.Table | None]:
        with self._lock:
            if not self.alive:
                raise ModelCrashError("the model's worker has ended; open the model again")
            try:
                deadline = time.monotonic() + timeout_s
                table = None if table is None else self._names.to_inputs(table)
                self._channel.send(request, table, deadline)
                answer, result = self._channel.receive(deadline)
            except wire.WireTimeoutError as error:
                self.close()
                raise ModelCrashError(f"the model did not answer within {timeout_s:g} s") from error
            except (wire.WireClosedError, wire.WireError) as error:
                reason = self._reason_of_death()
                raise ModelCrashError(reason) from error
            except BaseException:
                self.close()  # half a message may be in the pipe
                raise
        if answer.get("ok") is True:
            return answer, result
        message = str(answer.get("message", "the model's worker answered nonsense"))
        message = self._names.to_columns(message)
        told = _ERRORS.get(str(answer.get("kind")), ModelCrashError)(message)
        if isinstance(told, InputError):
            told.setting = str(answer.get("setting", ""))
        raise told

    def _reason_of_death(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        code = self._process.poll()
        self.close()
        if code is None:
            return "the model's worker answered nonsense"
        if code < 0:
            return f"the model's worker was ended by {signal.Signals(-code).name}"
        return f"the model's worker ended with exit code {code}"


def _send(frame: pd.DataFrame | pa.Table) -> pa.Table:
    return frame if isinstance(frame, pa.Table) else wire.table_from_frame(frame)


def _read_scores(table: pa.Table | None, rows: int, width: int, start: int) -> FloatArray:
    if table is None or table.num_rows != rows or table.num_columns != width:
        raise ModelCrashError(f"the model did not answer {width} numbers for each of {rows} rows")
    if any(kind != pa.float64() for kind in table.schema.types):
        raise ModelCrashError("the model answered something that is not numbers")
    scores: FloatArray = np.column_stack([column.to_numpy() for column in table.columns])
    wrong = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if wrong.size:
        raise ModelCrashError(
            f"the model answered no finite number for {wrong.size} rows, the first is row "
            f"{start + int(wrong[0])}"
        )
    return scores


def _environment(variables: Sequence[str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in (*_KEPT_VARIABLES, *variables) or name.startswith(_KEPT_PREFIXES)
    }
    # Threads that wait actively take the cores from one another: 25 ms for one row, not 2.
    return (
        {"OMP_WAIT_POLICY": "PASSIVE"} | make_environment(kept) | {"PYTHONDONTWRITEBYTECODE": "1"}
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
