"""What attributions say about features as a whole: tables over rows and over groups."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from audits.core.attribution import Attribution, FloatArray

CONFIDENCE = 0.95
MISSING_GROUP = "(missing)"


@dataclass(frozen=True, slots=True)
class RowAttribution:
    """One row's explanation, the strongest feature first.

    shares: `(feature, value)` in units of `space`; `base` plus all values is `output`, but for
    the attribution's `additivity_error`.
    """

    shares: tuple[tuple[str, float], ...]
    base: float
    output: float
    space: str


def tabulate_importance(attribution: Attribution) -> pd.DataFrame:
    """Return how much each feature moves the output on average, the most important first.

    Columns: feature; mean_abs, the mean over rows of |attribution| in units of the attribution's
    space, >= 0; low and high, its 95% interval by the central limit theorem over rows, cut at
    0. With fewer than two rows low and high are missing (NA): one row tells no spread.
    """
    table = pd.DataFrame({"feature": attribution.features, **_summarise(attribution.values)})
    return table.sort_values("mean_abs", ascending=False, kind="stable", ignore_index=True)


def tabulate_group_importance(attribution: Attribution, groups: pd.Series) -> pd.DataFrame:
    """Return how much each feature moves the output within each group.

    groups: one value a row of the attribution, in the same order (the index plays no part);
    missing values make the group "(missing)".
    Columns: group (text); feature; mean_abs; mean, the signed mean (positive: the feature pushes
    this group's outputs up); low and high, the 95% interval of mean_abs; n, the group's rows.
    Groups come in the order of their text, features in the attribution's order. Intervals are
    those of `tabulate_importance`.
    Raises ValueError where `groups` and the attribution differ in length.
    """
    if len(groups) != len(attribution.values):
        raise ValueError(f"{len(groups)} groups for {len(attribution.values)} rows")
    labels = groups.astype(object).where(groups.notna().to_numpy(), MISSING_GROUP).map(str)
    names = labels.to_numpy()
    tables = []
    for group in sorted(set(names)):
        values = attribution.values[names == group]
        summary = _summarise(values)
        tables.append(
            pd.DataFrame(
                {
                    "group": group,
                    "feature": attribution.features,
                    "mean_abs": summary["mean_abs"],
                    "mean": values.mean(axis=0),
                    "low": summary["low"],
                    "high": summary["high"],
                    "n": len(values),
                }
            )
        )
    if not tables:
        return pd.DataFrame(columns=["group", "feature", "mean_abs", "mean", "low", "high", "n"])
    return pd.concat(tables, ignore_index=True)


def select_row(attribution: Attribution, i: int) -> RowAttribution:
    """Return row `i`'s explanation. Raises IndexError where there is no such row."""
    values = attribution.values[i]
    order = np.argsort(-np.abs(values), kind="stable")
    return RowAttribution(
        shares=tuple((attribution.features[j], float(values[j])) for j in order),
        base=float(attribution.base[i]),
        output=float(attribution.output[i]),
        space=attribution.space,
    )


def _summarise(values: FloatArray) -> dict[str, Any]:
    """Return mean |value| of each column `[n_rows, n_features]` with its interval."""
    sizes = np.abs(values)
    n_rows = len(sizes)
    if not n_rows:
        raise ValueError("there are no rows to summarise")
    mean = sizes.mean(axis=0)
    if n_rows < 2:
        unknown = pd.array([pd.NA] * len(mean), dtype="Float64")
        return {"mean_abs": mean, "low": unknown, "high": unknown}
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    margin = z * sizes.std(axis=0, ddof=1) / np.sqrt(n_rows)
    return {
        "mean_abs": mean,
        "low": pd.array(np.maximum(mean - margin, 0.0), dtype="Float64"),
        "high": pd.array(mean + margin, dtype="Float64"),
    }
