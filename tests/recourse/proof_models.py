"""Small models of every kind that is proven, and an oracle that knows nothing of cells: it tries
every legal value of every set of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import xgboost as xgb
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audits.models.adapters.adapter import Adapter
from audits.models.formats import lightgbm as lightgbm_format, xgboost as xgboost_format
from audits.models.formats.skops import SkopsAdapter
from audits.recourse.columns import build_columns
from audits.recourse.proof.service import HANDLERS
from audits.recourse.rules.rules import ActionRules

JOBS = ("baker", "clerk", "nurse")


class InProcess:
    """The worker's handlers beside an adapter, without the process between them."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def call(
        self, name: str, frame: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> tuple[pa.Table, dict[str, Any]]:
        return HANDLERS[name](self.adapter, frame, dict(params or {}))


def make_rows(seed: int, n: int = 250) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "months": draw.integers(6, 19, n),
            "children": draw.integers(0, 5, n),
            "rate": np.round(draw.integers(10, 26, n) / 10, 1),
            "job": draw.choice(JOBS, n),
            "owner": draw.random(n) < 0.5,
        }
    )
    frame["points"] = draw.integers(0, 8, n).astype(np.float64)
    frame.loc[draw.random(n) < 0.1, "points"] = np.nan
    worth = (
        (frame["months"] > 12).astype(float)
        + (frame["rate"] < 1.7)
        + ((frame["children"] > 2) ^ (frame["points"].fillna(3) > 4))
        + (frame["job"] == "nurse")
        + 0.5 * frame["owner"]
    )
    return frame, (worth + draw.normal(0, 0.4, n) > 2.3).to_numpy().astype(int)


def _pipeline(model: object, *, scale: bool = True) -> Pipeline:
    numbers = ["months", "children", "rate", "points", "owner"]
    steps = [SimpleImputer(strategy="median"), *([StandardScaler()] if scale else [])]
    columns = make_column_transformer(
        (make_pipeline(*steps), numbers), (OneHotEncoder(handle_unknown="ignore"), ["job"])
    )
    return make_pipeline(columns, model)


SKLEARN = {
    "forest": lambda seed: RandomForestClassifier(5, max_depth=4, random_state=seed),
    "extra": lambda seed: ExtraTreesClassifier(5, max_depth=4, random_state=seed),
    "tree": lambda seed: DecisionTreeClassifier(max_depth=5, random_state=seed),
    "boosting": lambda seed: GradientBoostingClassifier(n_estimators=8, random_state=seed),
    "exponential": lambda seed: GradientBoostingClassifier(
        n_estimators=8, loss="exponential", random_state=seed
    ),
    "histogram": lambda seed: HistGradientBoostingClassifier(max_iter=8, random_state=seed),
    "logistic": lambda seed: LogisticRegression(C=0.5, random_state=seed),
}
KINDS = (*SKLEARN, "lightgbm", "xgboost")


def fit(kind: str, frame: pd.DataFrame, label: np.ndarray, seed: int, folder: Path) -> Adapter:
    """Return the adapter of a small model of this kind."""
    if kind in SKLEARN:
        return SkopsAdapter(_pipeline(SKLEARN[kind](seed)).fit(frame, label), kind)
    typed = frame.astype({"job": pd.CategoricalDtype(JOBS)})
    if kind == "lightgbm":
        settings = {"objective": "binary", "num_leaves": 6, "verbosity": -1, "seed": seed,
                    "min_data_per_group": 5, "num_threads": 1}  # fmt: skip
        path = folder / "model.txt"
        lgb.train(settings, lgb.Dataset(typed, label), num_boost_round=8).save_model(path)
        return lightgbm_format.load(path, "cpu")
    data = xgb.DMatrix(typed, label, enable_categorical=True)
    path = folder / "model.ubj"
    settings = {"objective": "binary:logistic", "max_depth": 3, "seed": seed, "nthread": 1}
    xgb.train(settings, data, num_boost_round=8).save_model(path)
    return xgboost_format.load(path, "cpu")


def list_legal(frame: pd.DataFrame, rules: ActionRules) -> dict[str, list[object]]:
    """Return every legal value of each column: whole steps within the range, seen categories."""
    steps = {"months": 1, "children": 1, "rate": 0.1, "points": 1}
    legal: dict[str, list[object]] = {}
    for name in frame:
        seen = frame[name].dropna()
        if name in steps:
            low, high = rules.ranges.get(name, (seen.min(), seen.max()))
            count = round((high - low) / steps[name]) + 1
            legal[name] = [round(low + k * steps[name], 1) for k in range(count)]
        else:
            legal[name] = sorted(seen.unique())
    return legal


def iterate_changes(
    row: pd.Series, legal: Mapping[str, list[object]], rules: ActionRules, changes: int
) -> Iterator[dict[str, object]]:
    """Yield every allowed change of exactly so many columns."""
    moves = {
        name: [v for v in values if rules.allows(name, row[name], v) and v != row[name]]
        for name, values in legal.items()
    }
    for names in combinations(legal, changes):
        for chosen in product(*(moves[name] for name in names)):
            yield dict(zip(names, chosen, strict=True))


def exhaust(
    adapter: Adapter, frame: pd.DataFrame, row: pd.Series, rules: ActionRules,
    threshold: float, most: int, output: int = 1,
) -> tuple[int, float] | None:  # fmt: skip
    """Return the fewest columns that suffice and the lowest cost of so many; None for none."""
    columns = {column.name: column for column in build_columns(frame, frame)}
    legal = list_legal(frame, rules)
    for changes in range(1, most + 1):
        tried = list(iterate_changes(row, legal, rules, changes))
        changed = pd.DataFrame([row.to_dict()] * len(tried)).astype(frame.dtypes)
        for name in frame:
            new = [one.get(name, row[name]) for one in tried]
            changed[name] = pd.Series(new).astype(frame[name].dtype)
        reached = adapter.predict(changed)[:, output] >= threshold
        if reached.any():
            costs = [_cost(columns, row, tried[n]) for n in np.flatnonzero(reached)]
            return changes, min(costs)
    return None


def _cost(columns: Mapping[str, Any], row: pd.Series, change: Mapping[str, object]) -> float:
    total = 0.0
    for name, new in change.items():
        spread = columns[name].spread
        if columns[name].kind != "number" or pd.isna(row[name]) or not spread:
            total += 1
        else:
            total += abs(new - row[name]) / spread
    return total
