"""A model asked in this process: the same adapter as in a worker, without the wait for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audits.models.adapters.adapter import Adapter, ModelInfo


class LocalModel:
    """Answers as a `ModelClient` does."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.info: ModelInfo = adapter.info

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return self._adapter.predict(frame)

    def decide(self, frame: pd.DataFrame) -> np.ndarray:
        return self._adapter.decide(frame)

    def name_classes(self, classes: tuple[str, ...]) -> None:
        self.info = replace(self.info, classes=classes)
