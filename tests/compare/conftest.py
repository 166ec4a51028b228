"""Runs of made-up decisions, measured by the audit's own checks and by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from audits.store.bundle import Bundle
from tests.compare.simulate import build_report, make_settings, measure_rows

MakeRun = Callable[..., Bundle]
MakeReport = Callable[..., AuditReport]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Measures rows (row, y_true, y_pred, maybe y_score and weight, protected) as an audit does;
    each run has a folder of its own."""
    made = 0

    def make(rows: pd.DataFrame, protected: tuple[str, ...] = ("sex",), sha: str = "a") -> Bundle:
        nonlocal made
        made += 1
        return measure_rows(rows, tmp_path / f"run{made}", protected, sha)

    return make


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    """Makes a report of given measurements on rows of one protected column."""

    def make(measurements: tuple[Measurement, ...], rows: int, sha: str = "a") -> AuditReport:
        settings = make_settings(pd.DataFrame({"row": []}), ("sex",))
        return build_report(measurements, settings, rows, "twin", sha)

    return make


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """A thousand people of two sexes, half of whom deserve it, decided by a noisy look at that."""
    draw = np.random.default_rng(3)
    n = 1000
    true = draw.integers(0, 2, n).astype(np.int32)
    sex = draw.choice(["Female", "Male"], n, p=[0.4, 0.6])
    score = true * 0.8 + draw.normal(0, 1, n) - 0.2 * (sex == "Female")
    return pd.DataFrame(
        {
            "row": [str(i) for i in range(n)],
            "y_true": true,
            "sex": sex,
            "latent": score,
            "y_pred": (score > 0.4).astype(np.int32),
        }
    )
