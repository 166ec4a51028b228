"""Every kind of model through the whole audit: no check crashes, and every number holds."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from audits.cli.after.card import write_cards
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems

OBJECTIVES = {
    "binary": {"objective": "binary"},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "regression": {"objective": "regression"},
}
AUDIT = """
[audit]
name = "Every task"
task = "{task}"
[data]
path = "rows.csv"
target = "y"
{positive}
protected = ["sex", "région"]
[model]
path = "model.txt"
{classes}
[recourse]
rows = 5
"""


def write_audit(folder: Path, task: str) -> Path:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "a": draw.normal(size=1500), "b": draw.integers(0, 9, 1500),
            "sex": draw.choice(["Female", "Male"], 1500),
            "région": draw.choice(["nord", "sud", ""], 1500),
        }
    )  # fmt: skip
    signal = rows.a + 0.3 * rows.b + draw.normal(size=1500)
    rows["y"] = signal if task == "regression" else pd.qcut(
        signal, 3 if task == "multiclass" else 2, labels=False
    )  # fmt: skip
    data = lgb.Dataset(rows[["a", "b"]], rows.y)
    booster = lgb.train({**OBJECTIVES[task], "verbose": -1, "num_threads": 1}, data, 15)
    booster.save_model(str(folder / "model.txt"))
    rows.to_csv(folder / "rows.csv", index=False)
    text = AUDIT.format(
        task=task,
        positive="positive = 1" if task == "binary" else "",
        classes='classes = ["0", "1", "2"]' if task == "multiclass" else "",
    )
    file = folder / "audit.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("task", OBJECTIVES)
def test_no_check_crashes_and_every_number_holds(tmp_path: Path, task: str) -> None:
    bundle = run_audit(
        write_audit(tmp_path, task), tmp_path / "run", device="cpu", finish=write_cards
    )
    ended = {check.code: (check.status, check.reason) for check in bundle.report.checks}
    assert not [end for end in ended.values() if end[0] is CheckStatus.ERROR]
    assert ended["fairness.disparities"][0] is CheckStatus.MEASURED
    assert recompute_problems(bundle) == []
    again = run_audit(tmp_path / "audit.toml", tmp_path / "again", device="cpu").report
    assert again.measurements == bundle.report.measurements
    assert again.verdicts == bundle.report.verdicts
    values = [m.estimate for m in bundle.report.measurements if m.estimate is not None]
    assert all(np.isfinite([e.value, e.low, e.high]).all() for e in values)
