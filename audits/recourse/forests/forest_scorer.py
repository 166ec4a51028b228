"""A tree ensemble's answers to changed rows, given in the audit instead of its worker.

Only what steers the search is answered here: whatever is handed to people was predicted by the
model itself. Where a sum of leaves is so near to what is needed that rounding could decide, the
model is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.models import ModelClient
from audits.recourse.forests.forest_wire import read_trees
from audits.recourse.proof.model import EXPONENTIAL, Additive, Link, find_link
from audits.recourse.search.goals import Goal
from audits.recourse.search.proposals import Proposals

if TYPE_CHECKING:
    from audits.recourse.forests.forest_walk import Forest, Walk

WORTH_ROWS = 100
"""From so many rows on the walk pays, once it is compiled (6 to 10 s, once a machine; read from
the disk, less than one). What is searched with it depends on the number of rows alone, so that a
run can be repeated to the digit."""

Ask = Callable[[Proposals], FloatArray]


class ForestScorer:
    """One model's forest, and a walk of it over the block of rows that its worker keeps.

    ask: the worker's own answers to proposals, `[n]` or `[n, 2]`.
    """

    def __init__(self, client: ModelClient, ask: Ask) -> None:
        self._client, self._ask = client, ask
        self._additive: Additive | None = None
        self._forest: Forest | None = None

    def expect(self, rows: int) -> None:
        """Read the model's trees where so many rows are worth it, and the model is a forest."""
        if rows < WORTH_ROWS or self._forest is not None:
            return
        with contextlib.suppress(CheckNotApplicableError, ValueError):
            additive = read_trees(*self._client.call("recourse_trees", pd.DataFrame()))
            assert additive.nodes is not None
            from audits.recourse.forests.forest_walk import build_forest, warm_up  # noqa: PLC0415

            self._forest = build_forest(additive.nodes, len(self._client.info.features))
            self._additive = additive
            warm_up(self._forest)

    @property
    def is_read(self) -> bool:
        """Whether there are trees to walk."""
        return self._forest is not None

    def keep(
        self, rows: FloatArray, answers: FloatArray, pools: Mapping[int, FloatArray], goal: Goal
    ) -> bool:
        """Open the block that the worker keeps; False where the worker is to be asked: the model
        has other features than its rows have columns, or is more than its leaves.

        rows: as the model sees them, `[n, n_features]`. answers: the last of its outputs for each,
        `[n]`. pools: what the codes of features that are no numbers are encoded as, `[n_codes]`.
        """
        assert self._forest is not None
        if rows.shape[1] != len(self._client.info.features):
            return False
        from audits.recourse.forests.forest_walk import Walk  # noqa: PLC0415

        self._walk: Walk = Walk(self._forest, rows)
        self._pools, self._goal = pools, goal
        try:
            self._link = self._check(answers)
        except (CheckNotApplicableError, ValueError):
            return False
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

    def find_borders(self, place: int) -> FloatArray:
        """Return the thresholds on one feature, rising."""
        assert self._forest is not None
        return self._forest.borders[place]

    def _check(self, answers: FloatArray) -> Link:
        """Return how the sums become the model's answers to the unchanged rows.

        Raises CheckNotApplicableError where they do not, or where they could lose in it what
        rounding leaves open.
        """
        assert self._additive is not None
        sums = self._additive.offset + self._walk.compute_own()
        link = find_link(self._additive, sums, answers)
        if link is EXPONENTIAL:
            raise CheckNotApplicableError("exponentials of sums are left to the model")
        return link

    def _answer(self, sums: FloatArray) -> FloatArray:
        assert self._additive is not None
        answers = self._link.apply(self._additive.offset + sums)
        if self._client.info.task == "regression":
            return answers
        return np.column_stack([1 - answers, answers])
