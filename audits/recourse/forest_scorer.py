"""A tree ensemble's answers to changed rows, given in the audit instead of its worker.

Only what steers the search is answered here: whatever is handed to people was predicted by the
model itself. Where a sum of leaves is so near to what is needed that rounding could decide, the
model is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from audits.core.errors import CheckNotApplicableError
from audits.models.client import ModelClient
from audits.recourse.columns import Column, FloatArray
from audits.recourse.forest_wire import read_matrix, read_trees
from audits.recourse.goals import Goal
from audits.recourse.proof_model import EXPONENTIAL, Additive, Link, find_link
from audits.recourse.proposals import Proposals

if TYPE_CHECKING:
    from audits.recourse.forest_walk import Forest, Walk

WORTH_ROWS = 4_000
"""From so many rows in a block on the walk pays, though it is compiled first (6 s, once a machine).
What is searched with it depends on the rows alone, so that a run can be repeated to the digit."""

Ask = Callable[[Proposals], FloatArray]


class ForestScorer:
    """One model's forest, and a walk of it over the block of rows that its worker keeps.

    ask: the worker's own answers to proposals, `[n]` or `[n, 2]`.
    """

    def __init__(self, client: ModelClient, ask: Ask) -> None:
        self._client, self._ask = client, ask
        self._additive: Additive | None = None
        self._forest: Forest | None = None

    def keep(
        self,
        rows: int,
        columns: Sequence[Column],
        pools: Mapping[int, FloatArray],
        goal: Goal,
    ) -> bool:
        """Open the block that the worker keeps; False where the worker is to be asked: the model
        is no forest, reads features in other ways than one by one, or is more than its leaves.

        pools: what the codes of features that are no numbers are encoded as, `[n_codes]`.
        """
        if rows < WORTH_ROWS and self._forest is None:
            return False
        try:
            self._open(rows, columns, pools)
        except (CheckNotApplicableError, ValueError):
            return False
        self._goal = goal
        return True

    def score(self, proposals: Proposals) -> FloatArray:
        """Return the model's outputs for the changed rows, `[n, 2]` or `[n]` for regression."""
        values = proposals.values.copy()
        for place, pool in self._pools.items():
            here = proposals.columns == place
            values[here] = pool[values[here].astype(np.int64)]
        changed = Proposals(proposals.rows, proposals.columns, values)
        answers = self._answer(self._walk.compute_sums(changed))
        assert self._additive is not None
        slack = self._additive.rounding * (self._additive.scale + 1)
        gains = self._goal.compute_gain(answers)
        near = np.flatnonzero(np.abs(gains - self._goal.needed) <= slack)
        if near.size:
            answers[near] = self._ask(proposals.take(near))
        return answers

    def _open(self, rows: int, columns: Sequence[Column], pools: Mapping[int, FloatArray]) -> None:
        nothing = pd.DataFrame()
        if self._additive is None:
            self._additive = read_trees(*self._client.call("recourse_trees", nothing))
        from audits.recourse.forest_walk import Walk, build_forest  # noqa: PLC0415

        table, details = self._client.call("recourse_encoded", nothing)
        numbers = {place for place, column in enumerate(columns) if column.kind == "number"}
        if not numbers <= set(details["plain"]) or table.shape != (rows, len(columns)):
            raise CheckNotApplicableError("the model reads numbers in a way of its own")
        assert self._additive.nodes is not None
        if self._forest is None:
            self._forest = build_forest(self._additive.nodes, len(columns))
        self._walk: Walk = Walk(self._forest, read_matrix(table))
        self._pools = pools
        self._link = self._check(rows)

    def _check(self, rows: int) -> Link:
        """Return how the sums become the model's answers to the unchanged rows.

        Raises CheckNotApplicableError where they do not, or where they could lose in it what
        rounding leaves open.
        """
        assert self._additive is not None
        whole = np.empty((rows, 0))
        own = self._ask(Proposals(np.arange(rows), whole.astype(np.int64), whole))
        sums = self._additive.offset + self._walk.compute_own()
        link = find_link(self._additive, sums, own[:, -1] if own.ndim == 2 else own)
        if link is EXPONENTIAL:
            raise CheckNotApplicableError("exponentials of sums are left to the model")
        return link

    def _answer(self, sums: FloatArray) -> FloatArray:
        assert self._additive is not None
        answers = self._link.apply(self._additive.offset + sums)
        if self._client.info.task == "regression":
            return answers
        return np.column_stack([1 - answers, answers])
