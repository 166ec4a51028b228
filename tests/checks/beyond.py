"""An audit of a small model with a proxy, a column of noise and a small group, for several tests."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from audits.checks.base import Check, CubeCheck
from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle

FEATURES = ["pay", "street", "luck", "idle"]

AUDIT = """
[audit]
name = "Beyond one row"
seed = 3
task = "{task}"
[data]
path = "rows.csv"
target = "{target}"
{positive}
protected = ["sex", "team"]
id = "id"
reference = "train.csv"
[data.reference_groups]
team = "A"
{subject}
"""
MODEL = '[model]\npath = "model.txt"\n'


def make_rows(seed: int, n: int) -> pd.DataFrame:
    """Members of team B live on one street, where the answer is no more often."""
    draw = np.random.default_rng(seed)
    team = draw.choice(["A", "B", "tiny"], n, p=[0.6, 0.38, 0.02])
    street = np.where(draw.random(n) < np.where(team == "B", 0.8, 0.1), 1, 0)
    pay = draw.normal(0, 1, n).round(4)
    chance = 1 / (1 + np.exp(-(1.5 * pay - 2.0 * street + 0.6)))
    return pd.DataFrame(
        {
            "id": [f"p{seed}-{k}" for k in draw.permutation(n)],
            "pay": pay,
            "street": street,
            "luck": draw.normal(0, 1, n).round(4),
            "idle": 1,
            "sex": draw.choice(["f", "m"], n),
            "team": team,
            "good": np.where(draw.random(n) < chance, "yes", "no"),
            "amount": (2 * pay - street + draw.normal(0, 0.5, n)).round(4),
        }
    )


def write_inputs(folder: Path, *, rows: int = 1_200, task: str = "binary", extra: str = "",
                 subject: str = MODEL) -> pd.DataFrame:  # fmt: skip
    """Write data, a LightGBM model that learns noise by heart and `audit.toml`; return the data."""
    train, test = make_rows(1, 400), make_rows(2, rows)
    target = "good" if task == "binary" else "amount"
    y = (train["good"] == "yes").to_numpy(float) if task == "binary" else train["amount"]
    settings = {"objective": task, "num_leaves": 24, "min_data_in_leaf": 3, "verbose": -1,
                "num_threads": 1, "seed": 0}  # fmt: skip
    booster = lightgbm.train(settings, lightgbm.Dataset(train[FEATURES], y), 60)
    booster.save_model(str(folder / "model.txt"))
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "rows.csv", index=False)
    positive = 'positive = "yes"' if task == "binary" else ""
    text = AUDIT.format(task=task, target=target, positive=positive, subject=subject) + extra
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    return test


def run_checks(folder: Path, *checks: Check | CubeCheck, name: str = "run") -> Bundle:
    """Run some checks on what `write_inputs` wrote."""
    return run_audit(folder / "audit.toml", folder / name, device="cpu", checks=checks)
