"""A model without a process of its own: the worker's own code, asked directly.

A worker takes seconds to start and to compile, which hundreds of small audits cannot afford. The
process boundary has tests of its own in `tests/models`, and whole audits in `tests/acceptance`,
`tests/cli` and `tests/dashboard` cross it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from audits.core.errors import AssayError
from audits.models.adapters.adapter import ModelInfo
from audits.models.adapters.names import name_features
from audits.models.formats.formats import detect_format
from audits.models.worker.client import ModelClient
from audits.models.worker.process import Worker


class NearClient(ModelClient):
    """A client whose requests the worker's code answers in this process."""

    def __init__(self, path: Path, services: Sequence[str], output: str = "") -> None:
        file = path.absolute()
        request = {"path": str(file), "format": detect_format(file).name, "device": "cpu",
                   "services": list(services), "output": output}  # fmt: skip
        self._timeout_s = 60.0
        self._worker = Worker(request)
        info = self._worker.describe()
        lists = {name: tuple(info[name]) for name in ("classes", "features")}
        self.info = ModelInfo(**info | lists)
        self._names = name_features(self.info.features, ())

    @property
    def alive(self) -> bool:
        """Always."""
        return True

    def _exchange(
        self, request: dict[str, Any], table: pa.Table | None, timeout_s: float
    ) -> tuple[dict[str, Any], pa.Table | None]:
        del timeout_s
        rows = None if table is None else self._names.to_inputs(table)
        try:
            return self._worker.answer(request, rows)
        except AssayError as error:
            error.args = (self._names.to_columns(str(error)),)
            raise

    def close(self) -> None:
        """Nothing to end."""


def open_near(
    path: str | Path,
    *,
    services: Sequence[str] = (),
    output: str = "",
    features: Sequence[str] | Mapping[str, str] = (),
    **unused: object,
) -> NearClient:
    """Open a model as `audits.models.open_model` does, in this process."""
    del unused
    client = NearClient(Path(path), services, output)
    client.rename(features)
    return client


@contextmanager
def near_models() -> Iterator[None]:
    """Let audits open their models in this process."""
    with patch("audits.models.adapters.declared.open_model", open_near):
        yield
