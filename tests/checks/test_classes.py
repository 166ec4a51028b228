"""Each class against all others: scikit-learn's one-vs-rest, by class and by group."""

from __future__ import annotations

from pathlib import Path

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from audits.checks.base import CubeContext
from audits.checks.performance.classes import compute_classes
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.build import build_cube, count_classes
from audits.cube.counts.cube import Cube
from audits.data.sql import connect
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy

CLASSES = ("<30", ">30", "né l'un")
SPEC = AuditSpec.model_validate(
    {
        "audit": {"name": "three classes", "task": "multiclass"},
        "data": {"path": "rows", "target": "y", "protected": ["sex"]},
        "model": {"path": "model"},
    }
)


def make_rows(n: int = 3000, *, biased: bool = False) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    scores = draw.dirichlet([2, 1, 1], n)
    sex = draw.choice(["Female", "Male"], n)
    if biased:
        scores[sex == "Female"] = scores[sex == "Female"][:, [1, 0, 2]]
    true = [draw.choice(CLASSES, p=row) for row in draw.dirichlet([1, 1, 1], n) / 2 + scores / 2]
    frame = pd.DataFrame({"y_true": true, "sex": sex})
    frame["y_pred"] = np.array(CLASSES)[scores.argmax(1)]
    for position, name in enumerate(CLASSES):
        frame[f"y_score[{name}]"] = scores[:, position]
    return frame


def measure(frame: pd.DataFrame, folder: Path) -> dict[str, Measurement]:
    path = folder / "predictions.parquet"
    frame.to_parquet(path)
    with connect() as connection:
        cube = build_cube(connection, path, task="multiclass", attributes=("sex",), classes=CLASSES)
        by_class = count_classes(connection, path, cube)
    result = compute_classes(CubeContext(SPEC, cube, by_class))
    return {item.id: item for item in result.measurements}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return make_rows()


@pytest.fixture(scope="module")
def found(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measurement]:
    return measure(rows, tmp_path_factory.mktemp("classes"))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("sex", [None, "Female", "Male"])
def test_each_class_equals_scikit_learns(found, rows, name: str, sex: str | None) -> None:
    part = rows if sex is None else rows[rows.sex == sex]
    true, pred, score = part.y_true == name, part.y_pred == name, part[f"y_score[{name}]"]
    inside = "" if sex is None else f"[sex={sex}]"
    expected = {
        "true_positive_rate": sk.recall_score(true, pred),
        "positive_predictive_value": sk.precision_score(true, pred),
        "f1": sk.f1_score(true, pred),
        "roc_auc": sk.roc_auc_score(true, score),
        "brier_score": sk.brier_score_loss(true, score),
        "selection_rate": pred.mean(),
    }
    for metric, value in expected.items():
        item = found[f"{metric}{inside}@class={name}"]
        assert item.value == pytest.approx(value, abs=1e-9)
        assert item.estimate.low <= value <= item.estimate.high


@pytest.mark.parametrize("sex", [None, "Female", "Male"])
def test_the_macro_auc_equals_scikit_learns(found, rows, sex: str | None) -> None:
    part = rows if sex is None else rows[rows.sex == sex]
    scores = part[[f"y_score[{name}]" for name in CLASSES]].to_numpy()
    expected = sk.roc_auc_score(part.y_true, scores, multi_class="ovr", average="macro",
                                labels=CLASSES)  # fmt: skip
    item = found["macro_roc_auc" if sex is None else f"macro_roc_auc[sex={sex}]"]
    assert item.value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", CLASSES)
def test_summaries_of_a_class_equal_fairlearns(found, rows, name: str) -> None:
    item = found[f"equalized_odds_difference[sex]@class={name}"]
    expected = fl.equalized_odds_difference(
        rows.y_true == name, rows.y_pred == name, sensitive_features=rows.sex
    )
    assert item.value == pytest.approx(expected, abs=1e-9)
    assert item.evidence == (f"evidence/cube.class-{CLASSES.index(name)}.parquet",)


def test_a_policy_judges_classes_too(tmp_path: Path) -> None:
    policy = load_policy("equalized-odds", None)
    judged = compute_verdicts(policy, list(measure(make_rows(biased=True), tmp_path).values()))
    failed = {verdict.measurement for verdict in judged if verdict.status == "fail"}
    assert "true_positive_rate_gap[sex=Male|Female]@class=>30" in failed
    assert any("Class <30" in v.reason for v in judged if "@class=<30" in v.measurement)


def test_very_many_classes_say_why_not() -> None:
    empty = np.zeros((0, 1), dtype=np.int64)
    many = Cube("multiclass", ("sex",), {"sex": ()}, empty, {}, {}, tuple(map(str, range(30))),
                np.zeros(0), None, None)  # fmt: skip
    with pytest.raises(CheckNotApplicableError, match="30 classes; up to 20"):
        compute_classes(CubeContext(SPEC, many))
