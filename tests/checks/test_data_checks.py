"""The checks of the data on audits with planted leaks, and without any."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from audits.checks.builtin import COLUMNS, LEAKAGE, MISSING_VALUES, PROFILE, REFERENCE
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import Status
from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle
from tests.checks.beyond import run_checks, write_inputs

CHECKS = (PROFILE, COLUMNS, MISSING_VALUES, REFERENCE, LEAKAGE)
AUDIT = """
[audit]
name = "Leaks"
task = "{task}"
[data]
path = "rows.csv"
reference = "train.csv"
target = "{target}"
{positive}
protected = ["sex"]
weight = "weight"
[model]
path = "model.txt"
{classes}
"""


def make_rows(seed: int, n: int = 1_500) -> pd.DataFrame:
    """Loans. `collected` is known only afterwards; `number` rises by one; C is missing for women."""
    draw = np.random.default_rng(seed)
    income = draw.normal(50, 12, n).round(1)
    sex = draw.choice(["f", "m"], n)
    repaid = draw.random(n) < 1 / (1 + np.exp(-0.06 * (income - 50)))
    return pd.DataFrame(
        {
            "number": np.arange(n) + 5_000 * seed,
            "income": income,
            "collected": np.where(repaid, draw.normal(900, 90, n), draw.normal(200, 90, n)).round(),
            "état": np.where(draw.random(n) < np.where(sex == "f", 0.3, 0.05), np.nan,
                             draw.integers(0, 4, n)),
            "fixed": 3,
            "income again": income,
            "sex": sex,
            "weight": 1.0,
            "repaid": np.where(repaid, "yes", "no"),
            "grade": np.where(repaid, np.where(income > 50, "a", "b"), "c"),
            "owed": (1000 - 10 * income + draw.normal(0, 200, n)).round(2),
        }
    )  # fmt: skip


def audit(folder: Path, features: list[str], target: str = "repaid", task: str = "binary",
          shared: int = 0) -> Bundle:  # fmt: skip
    """Audit a small model that is given `features`; `shared` reference rows are audited too."""
    train, rows = make_rows(1), make_rows(2)
    rows = pd.concat([train.head(shared), rows.iloc[shared:]], ignore_index=True)
    train.to_csv(folder / "train.csv", index=False)
    rows.to_csv(folder / "rows.csv", index=False)
    codes, classes = pd.factorize(train[target], sort=True)
    settings = {"objective": task, "num_leaves": 4, "verbose": -1, "num_threads": 1, "seed": 0}
    if task == "multiclass":
        settings["num_class"] = len(classes)
    matrix = train[features].astype(float).to_numpy()
    data = lightgbm.Dataset(matrix, train[target] if task == "regression" else codes,
                            feature_name=[f"f{n}" for n in range(len(features))])  # fmt: skip
    text = lightgbm.train(settings, data, 5).model_to_string()
    safe = " ".join(f"f{n}" for n in range(len(features)))
    # LightGBM's own text has no room for names with blanks.
    text = text.replace(f"feature_names={safe}", f"feature_names={' '.join(features)}")
    (folder / "model.txt").write_text(text, encoding="utf-8")
    positive = 'positive = "yes"' if task == "binary" else ""
    named = f"classes = {[str(name) for name in classes]}" if task == "multiclass" else ""
    settings_text = AUDIT.format(task=task, target=target, positive=positive, classes=named)
    (folder / "audit.toml").write_text(settings_text, encoding="utf-8")
    return run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=CHECKS)


def statuses(bundle: Bundle) -> dict[str, Status]:
    return {verdict.rule: verdict.status for verdict in bundle.report.verdicts}


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("leaky")
    return audit(folder, ["income", "collected", "number", "fixed", "état"], shared=300)


def test_what_was_planted_is_warned_of(leaky: Bundle) -> None:
    assert statuses(leaky) == {
        "leakage": Status.WARN, "new-rows": Status.WARN, "no-identifiers": Status.WARN,
    }  # fmt: skip
    report = leaky.report
    strongest = report.find("strongest_column_auc")[0]
    assert strongest.slice == "column=collected"
    assert (strongest.value or 0) > 0.99
    reasons = {verdict.rule: verdict.reason for verdict in report.verdicts}
    assert reasons["leakage"].startswith("collected: AUC of the strongest column is ")
    assert reasons["no-identifiers"] == "Id-like columns of the model: 1; the limit is 0."
    overlap = report.by_id["reference_overlap"].estimate
    assert overlap is not None
    assert overlap.value == 300 / 1_500
    assert report.by_id["reference_overlap_expected"].value == 0
    typical = report.by_id["typical_column_auc"].value
    assert typical is not None
    assert typical < 0.8


def test_columns_as_they_were_made(leaky: Bundle) -> None:
    table = pd.read_parquet(leaky.evidence_path("columns.parquet")).set_index("column")
    rows = make_rows(2)
    assert list(table.index) == list(rows.columns)
    assert list(table.index[table["constant"]]) == ["fixed", "weight"]
    assert table.loc["income again", "equal_to"] == "income"
    assert leaky.report.by_id["duplicate_columns"].value == 1
    assert table["unique"].to_dict() == {name: name == "number" for name in rows.columns}
    roles = {name: list(roles) for name, roles in table["roles"].items()}
    assert roles["repaid"] == ["target"]
    assert roles["sex"] == ["protected"]
    assert roles["income"] == ["feature"]
    assert roles["weight"] == ["weight"]
    assert roles["grade"] == []


def test_the_summary_points_at_nobody(leaky: Bundle) -> None:
    """No number of it is anybody's own, none comes from an id, and no rare text is shown."""
    table = pd.read_parquet(leaky.evidence_path("columns.parquet")).set_index("column")
    rows = pd.read_csv(leaky.path.parent / "rows.csv")
    numbers = ["mean", "spread", "p05", "p25", "p50", "p75", "p95"]
    assert table.loc["number", numbers].isna().all()
    for name in ("owed", "collected"):
        spread = rows[name].std()
        for number in numbers:
            value = table.loc[name, number]
            assert value == round(value, 1 - int(np.floor(np.log10(spread))))
        assert table.loc[name, "p50"] == pytest.approx(rows[name].median(), abs=spread / 50)
        assert table.loc[name, "mean"] == pytest.approx(rows[name].mean(), abs=spread / 50)
        assert table.loc[name, "p95"] < rows[name].max()
    shown = table["most_frequent_rows"].dropna()
    assert (shown >= 10).all()
    for name in shown.index:
        assert shown[name] == rows[name].astype(str).value_counts().max()


def test_missing_values_by_group(leaky: Bundle) -> None:
    rows = pd.read_csv(leaky.path.parent / "rows.csv")
    share = rows["état"].isna().groupby(rows["sex"]).mean()
    found = leaky.report.find("missing_share_difference")
    assert len(found) == 1  # one column lacks values, of two groups one is the reference
    item = found[0]
    sign = 1 if item.group == "f" else -1
    assert item.value == pytest.approx(sign * (share["f"] - share["m"]))
    assert item.p_value is not None and item.p_value < 1e-6
    table = pd.read_parquet(leaky.evidence_path("missing.parquet"))
    assert set(zip(table["group"], table["missing"], strict=True)) == {
        (sex, int(part.isna().sum())) for sex, part in rows["état"].groupby(rows["sex"])
    }


def test_clean_audit_of_classes_is_not_suspected(tmp_path: Path) -> None:
    rows = make_rows(1)
    assert set(pd.unique(rows["grade"])) == {"a", "b", "c"}
    bundle = audit(tmp_path, ["income", "état"], target="grade", task="multiclass")
    assert bundle.report.checks[-1].status is CheckStatus.MEASURED
    table = pd.read_parquet(bundle.evidence_path("leakage.parquet"))
    # Income tells a from b (above 50 or not), and c a little.
    assert table.loc[0, "column"] == "income"
    assert 0.7 < table.loc[0, "auc"] < 0.95
    assert set(table["relation"]) == {""}
    assert set(statuses(bundle).values()) == {Status.PASS}
    assert bundle.report.by_id["identifier_columns"].value == 0


def test_a_number_as_outcome(tmp_path: Path) -> None:
    bundle = audit(tmp_path, ["income", "owed", "fixed"], target="owed", task="regression")
    table = pd.read_parquet(bundle.evidence_path("leakage.parquet")).set_index("column")
    assert table.loc["owed", "relation"] == "same"
    assert table.loc["owed", "auc"] > 0.95
    assert 0.6 < table.loc["income", "auc"] < 0.8
    assert table.loc["fixed", "auc"] == 0.5
    assert statuses(bundle)["leakage"] is Status.WARN


def test_decisions_alone_say_what_is_not_there(tmp_path: Path) -> None:
    write_inputs(tmp_path, subject='[predictions]\nlabel = "good"\n')
    rows = pd.read_csv(tmp_path / "rows.csv")
    rows.drop(columns="team").assign(team="A").to_csv(tmp_path / "rows.csv", index=False)
    report = run_checks(tmp_path, *CHECKS).report
    ends = {check.code: (check.status, check.reason) for check in report.checks}
    assert ends["data.columns"][0] is CheckStatus.MEASURED
    assert ends["data.missing"] == (CheckStatus.NOT_APPLICABLE, "no column has missing values")
    assert "without a model" in ends["data.leakage"][1]
    assert ends["data.reference"][0] is CheckStatus.MEASURED
    assert not report.find("identifier_columns")
    table = pd.read_parquet(tmp_path / "run" / "evidence" / "columns.parquet").set_index("column")
    assert list(table.loc["good", "roles"]) == ["target", "decision"]
    assert table.loc["id", "unique"]
