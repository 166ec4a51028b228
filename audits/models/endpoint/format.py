"""A model behind an HTTP endpoint on this machine, described by an `assay.endpoint/1` file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError, InputError, ModelCrashError
from audits.models.adapters.adapter import Encoded, Format, ModelInfo, NativeModel
from audits.models.adapters.columns import compute_numbers, select_features
from audits.models.endpoint.client import Endpoint
from audits.models.endpoint.outputs import compute_answers
from audits.models.endpoint.protocols import read_batch, write_batch
from audits.models.endpoint.rows import NotAnAnswerError
from audits.models.endpoint.spec import EndpointSpec, list_variables, load_spec
from audits.models.endpoint.tensors import metadata_path, read_datatypes

_BYTES_A_NUMBER = 64
_SPARE_BYTES = 1 << 16
_METADATA_BYTES = 1 << 24


class EndpointAdapter:
    """Whatever answers at an address; its rows are sent in batches, one after another."""

    def __init__(self, spec: EndpointSpec, endpoint: Endpoint) -> None:
        self.estimator: NativeModel = endpoint
        self._spec = spec
        self._endpoint = endpoint
        self._datatypes: dict[str, str] | None = None
        names = tuple(item.name for item in spec.features)
        is_order = spec.meaning in ("score", "decision")
        self.info = ModelInfo(
            "endpoint", spec.task, spec.classes, names, "endpoint",
            output="score" if is_order else "probability",
            rule="own" if spec.decisions else "none",
        )  # fmt: skip

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression.

        A row that the endpoint answers with null or NaN is NaN: the caller names it.
        """
        scores = self._predict(self._spec, frame)
        return scores[:, 0] if self.info.task == "regression" else scores

    def decide(self, frame: pd.DataFrame) -> IntArray:
        """Return the places of the classes that the model itself decides for, `[n]`.

        Raises CheckNotApplicableError where the endpoint's file does not say that it tells them.
        """
        if not (self._spec.decisions or self._spec.meaning == "decision"):
            raise CheckNotApplicableError("the endpoint does not tell the model's own decisions")
        decided: IntArray = self._predict(self._spec.deciding(), frame).argmax(axis=1)
        return decided

    def _predict(self, spec: EndpointSpec, frame: pd.DataFrame) -> FloatArray:
        chosen = select_features(frame, self.info.features)
        columns = [_values(chosen[item.name], item.kind) for item in spec.features]
        scores = np.empty((len(chosen), max(1, len(spec.classes))), dtype=np.float64)
        for begin in range(0, len(chosen), spec.batch_rows):
            end = min(begin + spec.batch_rows, len(chosen))
            scores[begin:end] = self._ask(spec, [values[begin:end] for values in columns])
        return scores

    def _ask(self, spec: EndpointSpec, columns: list[list[Any]]) -> FloatArray:
        n_rows = len(columns[0])
        content = write_batch(spec, columns, self._find_datatypes())
        answer = self._endpoint.post(content, compute_limit(spec, n_rows))
        try:
            rows = read_batch(spec, answer)
        except NotAnAnswerError as error:
            raise ModelCrashError(f"the endpoint {spec.url} did not answer {error}") from None
        if len(rows) != n_rows:
            raise ModelCrashError(
                f"the endpoint {spec.url} answered {len(rows):,} rows for {n_rows:,}"
            )
        return compute_answers(spec, rows)

    def _find_datatypes(self) -> dict[str, str]:
        """What the server says it reads; it is asked once, with the first rows."""
        if self._datatypes is None:
            path = metadata_path(urlsplit(self._spec.url).path)
            is_told = self._spec.protocol == "v2"
            content = self._endpoint.get(path, _METADATA_BYTES) if is_told else None
            self._datatypes = read_datatypes(self._spec, content)
        return self._datatypes

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Raise CheckNotApplicableError: nobody here sees inside the endpoint."""
        raise CheckNotApplicableError(
            "the model is behind an endpoint, which shows its answers only, not its columns"
        )


def compute_limit(spec: EndpointSpec, n_rows: int) -> int:
    """Return the most bytes that an answer for `n_rows` rows may have."""
    names = sum(len(json.dumps(name)) + _BYTES_A_NUMBER for name in spec.classes)
    a_row = max(_BYTES_A_NUMBER, names)
    # Other protocols may tell more than is asked: labels beside probabilities, names in each row.
    return _SPARE_BYTES + n_rows * (a_row if spec.protocol == "assay" else 4 * a_row)


def _values(column: pd.Series, kind: str) -> list[Any]:
    missing = column.isna().to_numpy()
    if kind == "number" and column.dtype.kind not in "iu":
        numbers = compute_numbers(column)
        infinite = np.flatnonzero(np.isinf(numbers))
        if infinite.size:
            raise InputError(
                f"column {column.name!r} is infinite in {infinite.size} rows, the first is row "
                f"{int(infinite[0])} of a batch; JSON has no such number"
            )
        return [None if absent else number for number, absent in
                zip(numbers.tolist(), np.isnan(numbers), strict=True)]  # fmt: skip
    readers: Mapping[str, Callable[[Any], Any]] = {
        "number": int, "boolean": partial(_as_boolean, column.name), "text": _as_text,
    }  # fmt: skip
    read = readers[kind]
    return [
        None if absent else read(value)
        for value, absent in zip(column.tolist(), missing, strict=True)
    ]


def _as_boolean(name: Hashable, value: object) -> bool:
    """Raises InputError where a value is neither true nor false."""
    known = {"true": True, "false": False, "1": True, "0": False}.get(_as_text(value).lower())
    if known is None:
        raise InputError(
            f"column {name!r} holds {str(value)!r}, but the endpoint is asked with true or false; "
            'change its "kind" or the data'
        )
    return known


def _as_text(value: object) -> str:
    """A whole number beside missing values is 1.0 to pandas and "1" to everybody else."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def load(path: Path, device: str) -> EndpointAdapter:
    """Open the description; nothing is asked yet. Raises InputError where it is not usable."""
    spec = load_spec(path)
    return EndpointAdapter(spec, Endpoint(spec, _read_headers(spec, os.environ)))


def _read_headers(spec: EndpointSpec, environment: Mapping[str, str]) -> dict[str, str]:
    headers = {}
    for name, variable in spec.headers_env.items():
        value = environment.get(variable, "")
        if not value or not value.isascii() or not value.isprintable():
            what = "not set" if not value else "set to something else than printable ASCII"
            raise InputError(
                f"the environment variable {variable}, which the endpoint's header {name} is "
                f"taken from, is {what}"
            )
        headers[name] = value
    return headers


def _recognises(path: Path, head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"assay.endpoint/' in head


FORMAT = Format("endpoint", (".endpoint.json", ".json"), _recognises, load, list_variables)
