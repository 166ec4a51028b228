"""What the model loses when one column's values are shuffled: permutation importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError
from audits.cube import CONFIDENCE, compute_holm
from audits.explain.effects.substitute import Predict, Substitution, iterate_substituted
from audits.explain.groups.losses import Loss

REPEATS = 5


@dataclass(frozen=True, slots=True)
class PermutationImportance:
    """How much a loss rises without one column, in the loss's own units.

    Above 0: the model is worse without what the column says. low, high: interval over rows and
    repeats. p_value: two-sided, against 0, adjusted by Holm over the `tests` columns of one loss.
    n: rows. reason: why there is no number ("" where there is one; the others are then NaN).
    """

    feature: str
    loss: str
    value: float
    low: float
    high: float
    p_value: float
    n: int
    reason: str = ""
    tests: int = 1


def compute_permutation_importance(
    predict: Predict,
    frame: pd.DataFrame,
    losses: Sequence[Loss],
    generator: np.random.Generator,
    *,
    features: Sequence[str] | None = None,
    repeats: int = REPEATS,
    progress: Callable[[float], None] | None = None,
) -> tuple[PermutationImportance, ...]:
    """Return how much each loss rises when each column's values come from other rows.

    predict: a frame like `frame` to what the losses take. Each of the `repeats` gives every row
    another row's value, never its own and never the same one twice: the mean over them estimates
    the switched loss of Fisher, Rudin and Dominici (2019, JMLR 20:177) without bias, less the
    loss as it is. Columns that hold one value have a reason and no number. Rising order: by
    loss, then column. Raises CheckNotApplicableError for fewer than three rows.
    """
    n = len(frame)
    repeats = min(repeats, n - 1)
    if repeats < 2:
        raise CheckNotApplicableError(f"{n} rows are too few to deal their values out anew")
    names = list(frame.columns) if features is None else list(features)
    varied = [name for name in names if not _is_constant(frame[name])]
    donors = draw_donors(n, repeats, generator)
    rows = np.arange(n)
    jobs = (Substitution(name, rows, donor) for name in varied for donor in donors)
    plain = np.asarray(predict(frame), dtype=np.float64)
    before = [loss.compute(plain) for loss in losses]
    answers = iterate_substituted(predict, frame, jobs)
    found: dict[tuple[str, str], PermutationImportance] = {}
    for position, name in enumerate(varied):
        rises = np.zeros((len(losses), repeats, n))
        for repeat in range(repeats):
            dealt = next(answers)
            for place, loss in enumerate(losses):
                rises[place, repeat] = loss.compute(dealt) - before[place]
        for place, loss in enumerate(losses):
            found[loss.name, name] = _estimate(name, loss.name, rises[place], donors)
        if progress is not None:
            progress((position + 1) / len(varied))
    return tuple(item for loss in losses for item in _adjust(loss.name, names, found, n))


def draw_donors(n: int, repeats: int, generator: np.random.Generator) -> IndexArray:
    """Return for each repeat and row the row whose value it gets `[repeats, n]`.

    Every repeat is a permutation without fixed points, and no row gets the same donor twice.
    Needs repeats < n.
    """
    order = generator.permutation(n)
    donors = np.empty((repeats, n), dtype=np.intp)
    for repeat in range(repeats):
        donors[repeat, order] = np.roll(order, repeat + 1)
    return donors


def compute_switch_variance(rises: FloatArray, donors: IndexArray) -> float:
    """Return the variance of the mean of `rises` `[repeats, n]` over new rows and new repeats.

    A rise depends on two rows, the one that is predicted and its donor. Each row's part is its
    mean in both roles (Hoeffding's projection); its variance, cleaned of the noise of finitely
    many partners, falls with n, what is left of a pair falls with n and the repeats. Needs two
    repeats.
    """
    repeats, n = rises.shape
    given = np.empty_like(rises)
    for repeat in range(repeats):
        given[repeat, donors[repeat]] = rises[repeat]
    within_receiver = float(rises.var(axis=0, ddof=1).mean())
    within_donor = float(given.var(axis=0, ddof=1).mean())
    roles = rises.mean(axis=0) + given.mean(axis=0)
    of_rows = float(roles.var(ddof=1)) - (within_receiver + within_donor) / repeats
    of_pairs = within_receiver + within_donor - float(rises.var(ddof=1))
    total: float = (max(of_rows, 0.0) + max(of_pairs, 0.0) / repeats) / n
    return total


def _estimate(
    feature: str, loss: str, rises: FloatArray, donors: IndexArray
) -> PermutationImportance:
    n = rises.shape[1]
    value = float(rises.mean())
    error = float(np.sqrt(compute_switch_variance(rises, donors)))
    half = float(scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    if error > 0:
        p_value = float(2 * scipy.stats.t.sf(abs(value) / error, n - 1))
    else:
        p_value = 1.0 if value == 0 else 0.0
    return PermutationImportance(feature, loss, value, value - half, value + half, p_value, n)


def _adjust(
    loss: str,
    names: Sequence[str],
    found: dict[tuple[str, str], PermutationImportance],
    n: int,
) -> list[PermutationImportance]:
    items = [found[loss, name] for name in names if (loss, name) in found]
    adjusted = compute_holm(np.array([item.p_value for item in items]))
    by_name = {
        item.feature: replace(item, p_value=float(p), tests=len(items))
        for item, p in zip(items, adjusted, strict=True)
    }
    nan = float("nan")
    reason = "the column holds one value only, so dealing it out anew changes nothing"
    return [
        by_name.get(name, PermutationImportance(name, loss, nan, nan, nan, nan, n, reason))
        for name in names
    ]


def _is_constant(values: pd.Series) -> bool:
    return int(values.nunique(dropna=False)) < 2
