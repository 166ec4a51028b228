"""Legitimate columns through a whole audit of decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.core.report.report import AuditReport, CheckStatus
from audits.findings.stories.findings import render_conditional
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from model_cards.build import build_card
from model_cards.render.markdown import render_markdown

AUDIT = """
[audit]
name = "Admissions"
[data]
path = "rows.csv"
protected = ["sex"]
{legitimate}
[data.edges]
{edges}
[predictions]
label = "admitted"
"""


def write(folder: Path, legitimate: str = 'legitimate = ["dept"]', edges: str = "") -> Path:
    draw = np.random.default_rng(0)
    sex = draw.choice(["Female", "Male"], 2000)
    hard = draw.random(2000) < np.where(sex == "Female", 0.8, 0.3)
    rows = pd.DataFrame({"sex": sex, "dept": np.where(hard, "hard", "easy"),
                         "grade": draw.normal(10, 2, 2000).round(2)})  # fmt: skip
    rows["admitted"] = (draw.random(2000) < np.where(hard, 0.2, 0.6)).astype(int)
    rows.to_csv(folder / "rows.csv", index=False)
    file = folder / "audit.toml"
    file.write_text(AUDIT.format(legitimate=legitimate, edges=edges), encoding="utf-8")
    return file


def run(folder: Path, **settings: str) -> AuditReport:
    bundle = run_audit(write(folder, **settings), folder / "run", device="cpu")
    assert recompute_problems(bundle) == []
    return bundle.report


def test_a_gap_that_goes_with_the_department_is_gone_within_it(tmp_path: Path) -> None:
    report = run(tmp_path)
    plain = report.by_id["selection_rate_difference[sex=Female|Male]"].estimate
    name = "conditional_selection_rate_difference[sex=Female|Male]@holding dept fixed"
    held = report.by_id[name]
    assert plain.high < -0.1
    assert held.estimate.low < 0 < held.estimate.high
    assert held.p_value > 0.05
    said = render_conditional(held, report.by_id["selection_rate_difference[sex=Female|Male]"])
    assert said.startswith("Holding dept fixed, Female is selected ")
    assert said.endswith("what remains is no more than chance alone could explain (p = 0.232).")
    assert said in render_markdown(build_card(report))
    # The department is held fixed, not compared: nobody belongs to a group "hard".
    assert {m.attribute for m in report.measurements if m.attribute} == {"sex"}
    assert report.subject.data.protected == ("sex",)


def test_numbers_are_cut_like_protected_ones(tmp_path: Path) -> None:
    report = run(tmp_path, legitimate='legitimate = ["dept", "grade"]', edges="grade = [9, 11]")
    slices = {m.slice for m in report.measurements if m.check == "fairness.conditional"}
    assert slices == {"holding dept and grade fixed"}


def test_without_such_a_column_the_check_says_how_to_name_one(tmp_path: Path) -> None:
    report = run(tmp_path, legitimate="")
    check = next(c for c in report.checks if c.code == "fairness.conditional")
    assert check.status is CheckStatus.NOT_APPLICABLE
    assert "legitimate" in check.reason


@pytest.mark.parametrize(
    ("legitimate", "message"),
    [
        ('legitimate = ["sex"]', "in protected and in legitimate"),
        ('legitimate = ["depth"]', "did you mean 'dept'"),
        ('legitimate = ["grade"]', "'grade' makes [0-9]+ groups"),
    ],
)
def test_bad_names_are_one_line(tmp_path: Path, legitimate: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tmp_path, legitimate=legitimate)
