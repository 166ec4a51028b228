"""The audit's side of `audits.recourse.service`: proposals to the model's worker and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.errors import CheckNotApplicableError, ModelCrashError
from audits.models.client import ModelClient
from audits.recourse.columns import Column, FloatArray
from audits.recourse.proposals import Proposals


class WorkerScorer:
    """Scores proposals beside the model. The client's services must name the service."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client
        self._width = max(1, len(client.info.classes))

    def keep(self, rows: pd.DataFrame, columns: Sequence[Column]) -> bool:
        """Send the rows of a block; False where the model has to be asked with whole rows."""
        try:
            self._client.call("recourse_rows", rows)
        except CheckNotApplicableError:
            return False
        for place, column in enumerate(columns):
            if column.kind != "number":
                pool = pd.DataFrame({"value": column.pool})
                self._client.call("recourse_pool", pool, {"place": place})
        return True

    def score(self, proposals: Proposals) -> FloatArray:
        """Return the model's outputs for the changed rows: `[n, k]`, or `[n]` for regression.

        Raises ModelCrashError where the answer is not that many numbers.
        """
        data: dict[str, np.ndarray] = {"row": proposals.rows.astype(np.int32)}
        for slot in range(proposals.columns.shape[1]):
            data[f"c{slot}"] = proposals.columns[:, slot].astype(np.int32)
            data[f"v{slot}"] = np.ascontiguousarray(proposals.values[:, slot])
        table, _ = self._client.call("recourse_score", pa.table(data))
        if table.num_rows != len(proposals) or table.num_columns != self._width:
            raise ModelCrashError(f"the model did not answer {len(proposals)} rows")
        scores = np.column_stack([column.to_numpy() for column in table.columns])
        return scores if len(self._client.info.classes) else scores[:, 0]
