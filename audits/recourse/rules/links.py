"""Columns that move together: what a column becomes when the one that it follows changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.recourse.columns import Column


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """`follower` takes `table[value]` when `leader` changes to `value`."""

    leader: str
    follower: str
    table: Mapping[Any, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and (self.leader, self.follower, dict(self.table)) == (
            other.leader, other.follower, dict(other.table)
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.leader, self.follower))

    def compute_codes(self, leader: Column, follower: Column, codes: FloatArray) -> FloatArray:
        """Return the follower's codes for the leader's new `codes`; NaN where none is known."""
        known, inverse = np.unique(codes, return_inverse=True)
        values = leader.decode(known)
        found = [self.table.get(value) for value in list(values)]
        settled = np.full(len(known), np.nan)
        here = [place for place, value in enumerate(found) if value is not None]
        settled[here] = follower.encode(pd.Series([found[place] for place in here], dtype=object))
        return settled[inverse]


def learn_links(
    followers: Mapping[str, Sequence[str]], features: Sequence[str], reference: pd.DataFrame
) -> tuple[Link, ...]:
    """Learn for each value of a leading column the most frequent value of each follower.

    Of equally frequent ones the first in the values' own order counts. Links between columns
    that the model does not use are left out.
    """
    links = []
    for leader, names in followers.items():
        for name in names:
            if leader not in features or name not in features:
                continue
            pairs = pd.DataFrame({"leader": reference[leader], "value": reference[name]}).dropna()
            counts = pairs.groupby(["leader", "value"], observed=True).size()
            best = counts.reset_index(name="n").sort_values("n", ascending=False, kind="stable")
            first = best.drop_duplicates("leader")
            table = dict(zip(first["leader"].tolist(), first["value"].tolist(), strict=True))
            links.append(Link(leader, name, table))
    return tuple(links)
