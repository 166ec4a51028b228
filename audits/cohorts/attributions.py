"""How strongly each column moves the rows of a cohort, from a run's stored attributions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audits.checks import name_column
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.cube import CONFIDENCE
from audits.explain import PartSums, find_positions, iterate_values
from audits.slices import Mask


def measure_cohort_attributions(
    predictions: Path, attributions: Path, whole: Sequence[Measurement], inside: Mask
) -> list[Measurement]:
    """Return the columns' mean absolute attributions over the explained rows inside.

    whole: the same numbers of all rows, one a column; ids, units and words are theirs.
    inside: `[rows]` of the run. Without an explained row inside there is a reason, not a number.
    """
    features = [item.part_name for item in whole]
    explained = inside[find_positions(predictions, attributions)]
    sums, done = PartSums(1, len(features), signed=False), 0
    for values in iterate_values(attributions, [name_column(name) for name in features]):
        part = explained[done : done + len(values)]
        sums.add(values, np.where(part, 0, -1))
        done += len(values)
    rows = int(explained.sum())
    if rows < 2:
        few = Unavailable(reason=f"{rows} of these rows were explained; at least 2 are needed")
        return [item.model_copy(update={"estimate": None, "unavailable": few}) for item in whole]
    means = sums.compute_means()
    found = []
    for place, item in enumerate(whole):
        estimate = Estimate(
            value=float(means.mean[0, place]), low=float(means.low[0, place]),
            high=float(means.high[0, place]), n=rows,
            method="student_t" if item.estimate is None else item.estimate.method,
            confidence=CONFIDENCE,
        )  # fmt: skip
        found.append(item.model_copy(update={"estimate": estimate, "unavailable": None}))
    return found
