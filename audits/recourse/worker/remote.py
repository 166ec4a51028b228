"""The audit's side of `recourse.worker.service`: proposals to the model's worker and back."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError, ModelCrashError
from audits.models import ModelClient
from audits.recourse.columns import Column
from audits.recourse.forests.forest_scorer import ForestScorer
from audits.recourse.forests.forest_wire import read_matrix
from audits.recourse.search.candidates import Candidates
from audits.recourse.search.goals import BecomeClass, FallWithin, Goal, ReachScore
from audits.recourse.search.proposals import Proposals
from audits.recourse.worker.service import GRADIENTS


class WorkerScorer:
    """Scores proposals beside the model. The client's services must name the service."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client
        self._width = max(1, len(client.info.classes))
        self._margin: dict[str, Any] = {}
        self._moves = 0
        self._forest = ForestScorer(client, self._ask)
        self._walks = False
        self._pools: dict[int, ExtensionArray] = {}
        self._encoded: dict[int, FloatArray] = {}
        self._name = ""

    def expect(self, rows: int) -> None:
        """Read the trees of a forest where so many rows are worth it."""
        self._forest.expect(rows)

    def keep(self, rows: pd.DataFrame, columns: Sequence[Column], goal: Goal) -> bool:
        """Send the rows of a block; False where the model has to be asked with whole rows."""
        numbers = [place for place, column in enumerate(columns) if column.kind == "number"]
        asked = {"pools": self._name, "numbers": numbers if self._forest.is_read else None}
        try:
            encoded, told = self._client.call("recourse_rows", rows, asked)
        except CheckNotApplicableError:
            return False
        pools = {place: c.pool for place, c in enumerate(columns) if c.kind != "number"}
        if not told["pools"] or not _are_same(pools, self._pools):
            self._send_pools(pools)
        self._walks = (
            self._forest.is_read
            and bool(told["plain"])
            and self._forest.keep(*self._split(encoded), self._encoded, goal)
        )
        return True

    def _split(self, told: pa.Table) -> tuple[FloatArray, FloatArray]:
        """Return the encoded rows, and the last of the model's outputs for each."""
        width = told.num_columns - self._width
        return read_matrix(told.select(range(width))), told.column(told.num_columns - 1).to_numpy()

    def _send_pools(self, pools: dict[int, ExtensionArray]) -> None:
        """Send the values that codes stand for; learn what they are encoded as."""
        longest = max(map(len, pools.values()), default=0)
        filled = {
            str(place): pool.take(np.minimum(np.arange(longest), len(pool) - 1))
            for place, pool in pools.items()
        }
        self._pools, self._name = pools, uuid.uuid4().hex
        sent = {"places": list(pools), "name": self._name}
        table, _ = self._client.call("recourse_pools", pd.DataFrame(filled), sent)
        self._encoded = dict(zip(pools, read_matrix(table).T, strict=True)) if pools else {}

    def score(self, proposals: Proposals) -> FloatArray:
        """Return the model's outputs for the changed rows: `[n, k]`, or `[n]` for regression.

        Raises ModelCrashError where the answer is not that many numbers.
        """
        return self._forest.score(proposals) if self._walks else self._ask(proposals)

    def _ask(self, proposals: Proposals) -> FloatArray:
        table, _ = self._client.call("recourse_score", _tabulate(proposals))
        if table.num_rows != len(proposals) or table.num_columns != self._width:
            raise ModelCrashError(f"the model did not answer {len(proposals)} rows")
        scores = np.column_stack([column.to_numpy() for column in table.columns])
        return scores if len(self._client.info.classes) else scores[:, 0]

    def find_borders(self, place: int) -> FloatArray | None:
        """Return a forest's thresholds on one feature, rising; None where they are not known."""
        return self._forest.find_borders(place) if self._walks else None

    def keep_moves(self, candidates: Candidates, goal: Goal) -> bool:
        """Send the single changes that gradients are asked along; False where the model has none,
        or the goal no margin."""
        margin = describe_margin(goal, self._client.info.task)
        if margin is None or self._client.info.format not in GRADIENTS:
            return False
        moves = {"place": candidates.column.astype(np.int32), "code": candidates.value}
        try:
            self._client.call("recourse_moves", pa.table(moves))
        except CheckNotApplicableError:
            return False
        self._margin, self._moves = margin, len(candidates)
        return True

    def follow(self, proposals: Proposals) -> FloatArray:
        """Return what each move would add to the margin of each changed row, to first order,
        float32 `[n, n_moves]`.

        Raises ModelCrashError where the answer is not that many numbers.
        """
        table, _ = self._client.call("recourse_gradients", _tabulate(proposals), self._margin)
        added: FloatArray = table.column(0).combine_chunks().flatten().to_numpy()
        if added.size != len(proposals) * self._moves:
            raise ModelCrashError(f"the model did not answer {len(proposals)} rows of gradients")
        shaped: FloatArray = added.reshape(len(proposals), self._moves)
        return shaped


def _are_same(pools: dict[int, ExtensionArray], others: dict[int, ExtensionArray]) -> bool:
    return pools.keys() == others.keys() and all(pools[key] is others[key] for key in pools)


def _tabulate(proposals: Proposals) -> pa.Table:
    data: dict[str, np.ndarray] = {"row": proposals.rows.astype(np.int32)}
    for slot in range(proposals.columns.shape[1]):
        data[f"c{slot}"] = proposals.columns[:, slot].astype(np.int32)
        data[f"v{slot}"] = np.ascontiguousarray(proposals.values[:, slot])
    return pa.table(data)


def describe_margin(goal: Goal, task: str) -> dict[str, Any] | None:
    """Return what `gradients.read_margin` reads."""
    if isinstance(goal, ReachScore) and task != "regression":
        return {"kind": "odds", "output": goal.output}
    if isinstance(goal, BecomeClass):
        return {"kind": "lead", "output": goal.output}
    if isinstance(goal, FallWithin) and task == "regression":
        ends = {"low": goal.low, "high": goal.high}
        return {"kind": "within"} | {k: v if math.isfinite(v) else None for k, v in ends.items()}
    return None
