"""A model without a process of its own: the worker's own code, asked directly.

A worker takes seconds to start, which hundreds of small audits cannot afford; the process boundary
has tests of its own in `tests/models`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from audits.models.adapters.adapter import ModelInfo
from audits.models.adapters.names import name_features
from audits.models.formats.formats import detect_format
from audits.models.worker.client import ModelClient
from audits.models.worker.process import Worker


class NearClient(ModelClient):
    """A client whose requests the worker's code answers in this process."""

    def __init__(self, path: Path, services: Sequence[str]) -> None:
        file = path.absolute()
        request = {"path": str(file), "format": detect_format(file).name, "device": "cpu",
                   "services": list(services), "output": ""}  # fmt: skip
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
        return self._worker.answer(request, table)

    def close(self) -> None:
        """Nothing to end."""


def open_near(path: str | Path, *, services: Sequence[str] = (), **unused: object) -> NearClient:
    """Open a model as `audits.models.open_model` does, in this process."""
    del unused
    return NearClient(Path(path), services)


@contextmanager
def near_models() -> Iterator[None]:
    """Let audits open their models in this process."""
    with patch("audits.models.adapters.declared.open_model", open_near):
        yield
