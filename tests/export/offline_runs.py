"""Small real runs whose numbers rest on the cube alone: seconds, not minutes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from audits.checks.base import Check, CubeCheck
from audits.checks.data.profile import PROFILE
from audits.checks.fairness.adverse_impact import ADVERSE_IMPACT
from audits.checks.fairness.disparities import DISPARITIES_CHECK
from audits.checks.performance.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.pipeline.run import Finish, run_audit
from audits.store.bundle import Bundle

CHECKS = (PROFILE, PERFORMANCE_OVERALL, PERFORMANCE_GROUPS, DISPARITIES_CHECK, ADVERSE_IMPACT)

FEW_CHECKS = (PROFILE, PERFORMANCE_OVERALL)
"""Where there are many groups and what is measured of each is not asked."""

CLASS_CHECKS = (PROFILE, PERFORMANCE_OVERALL, PERFORMANCE_GROUPS)


def make_rows(n: int, seed: int = 0, towns: int = 5) -> pd.DataFrame:
    """Return scored decisions with a bias, a tiny group, and weights."""
    draw = np.random.default_rng(seed)
    sex = draw.choice(["Female", "Male", "Other"], n, p=[0.45, 0.535, 0.015])
    sex[:4] = "Rare"
    town = np.array([f"T{k:03}" for k in draw.integers(0, towns, n)])
    merit = draw.beta(2, 3, n)
    score = np.clip(merit - 0.06 * (sex == "Female") + draw.normal(0, 0.1, n), 0, 1)
    return pd.DataFrame(
        {
            "sex": sex,
            "town": town,
            "score": score,
            "label": np.where(score + draw.normal(0, 0.05, n) >= 0.45, "yes", "no"),
            "weight": draw.choice([0.5, 1.0, 2.75], n),
            "repaid": np.where(draw.random(n) < merit, "yes", "no"),
        }
    )


def audit(
    folder: Path,
    rows: pd.DataFrame,
    *,
    predictions: str,
    more: str = "",
    checks: tuple[Check | CubeCheck, ...] = CHECKS,
    finish: Finish | None = None,
) -> Bundle:
    """Run an audit of decisions and scores."""
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(
        '[audit]\nname = "Loans"\n[data]\npath = "rows.csv"\ntarget = "repaid"\npositive = "yes"\n'
        f'protected = ["sex", "town"]\n{more}\n[predictions]\n{predictions}\n',
        encoding="utf-8",
    )
    return run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=checks,
                     finish=finish)  # fmt: skip
