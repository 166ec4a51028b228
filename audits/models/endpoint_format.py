"""A model behind an HTTP endpoint on this machine, described by an `assay.endpoint/1` file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audits.core.errors import CheckNotApplicableError, InputError
from audits.models.adapter import Encoded, FloatArray, Format, ModelInfo, NativeModel
from audits.models.columns import compute_numbers, select_features
from audits.models.endpoint_client import Endpoint
from audits.models.endpoint_spec import EndpointSpec, list_variables, load_spec


class EndpointAdapter:
    """Whatever answers at an address; its rows are sent in batches, one after another."""

    def __init__(self, spec: EndpointSpec, endpoint: Endpoint) -> None:
        self.estimator: NativeModel = endpoint
        self._spec = spec
        self._endpoint = endpoint
        names = tuple(item.name for item in spec.features)
        self.info = ModelInfo("endpoint", spec.task, spec.classes, names, "endpoint")

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression.

        A row that the endpoint answers with null or NaN is NaN: the caller names it.
        """
        chosen = select_features(frame, self.info.features)
        columns = [self._values(chosen[item.name], item.kind) for item in self._spec.features]
        names = list(self.info.features)
        scores = np.empty((len(chosen), self._spec.width), dtype=np.float64)
        for begin in range(0, len(chosen), self._spec.batch_rows):
            end = min(begin + self._spec.batch_rows, len(chosen))
            rows = [list(row) for row in zip(*(item[begin:end] for item in columns), strict=True)]
            scores[begin:end] = self._endpoint.compute_scores(names, rows)
        return scores[:, 0] if self.info.task == "regression" else scores

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Raise CheckNotApplicableError: nobody here sees inside the endpoint."""
        raise CheckNotApplicableError(
            "the model is behind an endpoint, which shows its answers only, not its columns"
        )

    def _values(self, column: pd.Series, kind: str) -> list[Any]:
        if kind == "text":
            missing = column.isna().to_numpy()
            return [
                None if absent else _as_text(value)
                for value, absent in zip(column.tolist(), missing, strict=True)
            ]
        numbers = compute_numbers(column)
        infinite = np.flatnonzero(np.isinf(numbers))
        if infinite.size:
            raise InputError(
                f"column {column.name!r} is infinite in {infinite.size} rows, the first is row "
                f"{int(infinite[0])} of a batch; JSON has no such number"
            )
        return [None if number != number else number for number in numbers.tolist()]  # noqa: PLR0124


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
