from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from audits.recourse.result import RecourseResult
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.search import search_counterfactuals


@dataclass
class Audited:
    """A real model with the data that it was trained on."""

    reference: pd.DataFrame
    rejected: pd.DataFrame
    predict: Callable[[pd.DataFrame], np.ndarray]
    threshold: float = 0.5
    sizes: list[int] = field(default_factory=list)

    def counting(self, frame: pd.DataFrame) -> np.ndarray:
        self.sizes.append(len(frame))
        return self.predict(frame)

    def search(
        self, rules: ActionRules | None = None, rows: pd.DataFrame | None = None, **settings
    ) -> list[RecourseResult]:
        chosen = {
            "threshold": self.threshold,
            "generator": np.random.default_rng(0),
            "budget_s": 600.0,
        }
        return search_counterfactuals(
            settings.pop("predict", self.counting),
            self.rejected if rows is None else rows,
            self.reference,
            rules or ActionRules(),
            **{**chosen, **settings},
        )


def make_messy(n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Every kind of column that a search must cope with, with missing values in three."""
    income = generator.lognormal(7.5, 0.6, n)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, n),
            "rate": np.round(generator.uniform(0, 9, n), 1),
            "income": income,
            "größe_α": generator.integers(140, 210, n).astype(np.float64),
            "job": generator.choice(["clerk", "nurse", "Köchin", 'O\'Neil "x"'], n),
            "grade": pd.Categorical(generator.choice(["A", "B", "C"], n)),
            "owner": generator.random(n) < 0.4,
            "constant": np.full(n, 7),
        },
        index=[f"row-{i}" for i in range(n)],
    )
    frame.loc[generator.random(n) < 0.1, "rate"] = np.nan
    frame.loc[generator.random(n) < 0.1, "größe_α"] = np.nan
    frame.loc[generator.random(n) < 0.1, "job"] = None
    return frame


@pytest.fixture(scope="session")
def trained() -> tuple[pd.DataFrame, lgb.Booster]:
    generator = np.random.default_rng(7)
    frame = make_messy(1_500, generator)
    worth = (
        (frame["age"] - 45) / 15
        + np.log(frame["income"] / 1800) * 1.5
        - (frame["rate"].fillna(6) - 4) / 3
        + (frame["job"] == "Köchin") * 1.0
        + (frame["grade"] == "A") * 0.8
        + frame["owner"] * 1.0
        + generator.normal(0, 0.5, len(frame))
    )
    jobs = pd.CategoricalDtype(sorted(frame["job"].dropna().unique()))
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0}
    data = lgb.Dataset(frame.astype({"job": jobs}), (worth > 1).astype(int))
    return frame, lgb.train(settings, data, num_boost_round=30)


@pytest.fixture
def messy(trained) -> Audited:
    frame, booster = trained
    jobs = pd.CategoricalDtype(sorted(frame["job"].dropna().unique()))

    def predict(rows: pd.DataFrame) -> np.ndarray:
        assert dict(rows.dtypes) == dict(frame.dtypes), "a model sees the dtypes of its data"
        known = rows["job"].where(rows["job"].isin(jobs.categories))
        return booster.predict(rows.assign(job=known.astype(jobs)), num_threads=1)

    return Audited(frame, frame[predict(frame) < 0.5].iloc[:120], predict)
