"""A scenario audited: its files written, the audit run, its view-models at hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from audits.checks.builtin import BUILTIN
from audits.pipeline.run import run_audit
from dashboard.viewmodels.run import RunData
from tests.answers.generate import DISTRICTS, Scenario, draw_rows
from tests.near import near_models

OF_DECISIONS = {"data.profile", "performance.overall", "performance.groups", "performance.slices",
                "fairness.gaps", "fairness.disparities", "fairness.adverse_impact",
                "fairness.interventions"}  # fmt: skip
OF_MODELS = OF_DECISIONS | {"fairness.proxies", "explain.gap"}
"""The checks whose numbers the claims are made of; others would cost minutes and say nothing."""


@dataclass(frozen=True)
class Case:
    """A scenario with its sample and its run."""

    scenario: Scenario
    rows: pd.DataFrame
    run: RunData


def run_case(scenario: Scenario, folder: Path) -> Case:
    """Audit a scenario in `folder`."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = write_files(scenario, folder)
    codes = OF_DECISIONS if scenario.family in ("decisions", "scores") else OF_MODELS
    with near_models():
        bundle = run_audit(
            folder / "audit.toml",
            folder / "run",
            device="cpu",
            checks=tuple(check for check in BUILTIN if check.code in codes),
        )
    return Case(scenario, rows, RunData(bundle))


def write_files(scenario: Scenario, folder: Path) -> pd.DataFrame:
    """Write data, model, policy and settings; return the rows."""
    rows = draw_rows(scenario)
    shown = rows if scenario.outcomes else rows.drop(columns="y")
    shown.to_parquet(folder / "rows.parquet", index=False)
    if scenario.booster:
        (folder / "model.txt").write_text(scenario.booster, encoding="utf-8")
    if scenario.linear is not None:
        save_model(scenario, folder / "model.skops")
    if scenario.policy == "own":
        (folder / "policy.toml").write_text(write_policy(scenario), encoding="utf-8")
    (folder / "audit.toml").write_text(write_settings(scenario), encoding="utf-8")
    return rows


def write_policy(scenario: Scenario) -> str:
    """Return a policy with the scenario's bounds."""
    rules = "".join(
        f'\n[[rules]]\nname = "{metric.replace("_", "-")}"\ntitle = "About equal: {metric}"\n'
        f'metric = "{metric}"\nfail_above = {fail}\nwarn_above = {warn}\n'
        for metric, fail, warn in scenario.bounds
    )
    return f'name = "own"\ntitle = "Bounds of its own"\n{rules}'


def write_settings(scenario: Scenario) -> str:
    """Return `audit.toml`."""
    task = scenario.family if scenario.family in ("multiclass", "regression") else "binary"
    lines = ["[audit]", f'name = "Scenario {scenario.seed}"', f'task = "{task}"',
             f"seed = {scenario.seed}", "[data]", 'path = "rows.parquet"',
             f"protected = {list(scenario.attributes)}"]  # fmt: skip
    if scenario.outcomes:
        lines.append('target = "y"')
    if task == "binary":
        lines.append('positive = "yes"')
    if scenario.weighted:
        lines.append('weight = "w"')
    if scenario.family == "decisions":
        lines += ["[predictions]", 'label = "decided"']
    elif scenario.family == "scores":
        lines += ["[predictions]", 'score = "score"']
    else:
        file = "model.txt" if scenario.booster else "model.skops"
        lines += ["[model]", f'path = "{file}"']
        lines += ['classes = ["no", "yes"]'] if scenario.booster else []
    wanted = 'path = "policy.toml"' if scenario.policy == "own" else f'preset = "{scenario.policy}"'
    return "\n".join([*lines, "[policy]", wanted, "[slices]", "conditions = 2"]) + "\n"


def save_model(scenario: Scenario, path: Path) -> None:
    """Write the scenario's linear model as a scikit-learn pipeline with these coefficients."""
    import skops.io
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    linear = scenario.linear
    assert linear is not None
    numbers = list(linear.weights)
    frame = scenario.population.table[["district", *numbers]].drop_duplicates()
    columns = ColumnTransformer(
        [("text", OneHotEncoder(categories=[list(DISTRICTS)], sparse_output=False), ["district"]),
         ("numbers", "passthrough", numbers)]
    )  # fmt: skip
    row = np.array([*(linear.districts[d] for d in DISTRICTS), *linear.weights.values()])
    if scenario.family == "regression":
        estimator = LinearRegression()
        target = np.zeros(len(frame))
    else:
        estimator = LogisticRegression()
        wanted = ("no", "yes") if scenario.family == "model" else ("high", "low", "mid")
        target = np.array(wanted)[np.arange(len(frame)) % len(wanted)]
    pipeline = Pipeline([("columns", columns), ("estimator", estimator)]).fit(frame, target)
    if scenario.family == "regression":
        estimator.coef_, estimator.intercept_ = row, linear.intercept
    elif scenario.family == "model":
        estimator.coef_, estimator.intercept_ = row[None], np.array([linear.intercept])
    else:  # the middle class is never said
        estimator.coef_ = np.stack([row, -row, 0 * row])
        estimator.intercept_ = np.array([linear.intercept, -linear.intercept, -9.0])
    skops.io.dump(pipeline, path)
