"""What a search knows before it sees a row: all that the reference data says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.recourse.columns import Column, Dtype, build_columns, fit_columns, holds
from audits.recourse.rules.constraints import equip_columns
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.candidates import Candidates, build_candidates
from audits.recourse.search.plausibility import Neighbourhood, find_neighbourhood
from audits.recourse.search.proposals import Scorer


@dataclass(frozen=True, slots=True)
class Ground:
    """Columns as the reference data has them, and with what the rules declare (`equipped`); the
    values worth trying; the accepted reference rows. dtypes: those of the rows that it is for."""

    rules: ActionRules
    dtypes: tuple[Dtype, ...]
    columns: tuple[Column, ...]
    equipped: tuple[Column, ...]
    candidates: Candidates
    neighbourhood: Neighbourhood

    def fit(self, rows: pd.DataFrame) -> tuple[Ground, FloatArray] | None:
        """Return the ground for other rows, and their codes; None where it has to be laid anew."""
        pairs = zip(self.columns, rows.dtypes, strict=True)
        if tuple(rows.dtypes) != self.dtypes and not all(holds(c.dtype, new) for c, new in pairs):
            return None
        fitted = fit_columns(self.columns, rows)
        if fitted is None:
            return None
        columns, codes = fitted
        return replace(self, columns=columns, equipped=equip_columns(columns, self.rules)), codes


def lay_ground(
    scorer: Scorer,
    like: pd.DataFrame,
    reference: pd.DataFrame,
    rules: ActionRules,
    generator: np.random.Generator,
) -> Ground:
    """Read the reference data. like: rows of the types that will be searched.

    Raises InputError where its columns and the reference data's do not agree.
    """
    columns = build_columns(like, reference)
    equipped = equip_columns(columns, rules)
    return Ground(
        rules,
        tuple(like.dtypes),
        columns,
        equipped,
        build_candidates(equipped, reference, rules),
        find_neighbourhood(scorer, equipped, reference, generator),
    )
