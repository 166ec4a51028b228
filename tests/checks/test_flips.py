"""Flips through an audit, against the model asked by hand; what the model does not see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.checks.fairness import counterfactual as flips
from audits.checks.fairness.counterfactual import COUNTERFACTUAL
from audits.core.errors import InputError
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.settings.read import load_spec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.pipeline.run import run_audit
from audits.pipeline.scoring import check_named_columns
from audits.recourse.burden.flips import replace_values

ROWS = 600
AUDIT = """
[audit]
name = "Flips"
[data]
path = "rows.csv"
target = "paid"
positive = "yes"
protected = ["sex", "town"]
[data.reference_groups]
sex = "m"
{more}
[model]
path = "model.skops"
"""


def make_rows(seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    sex = draw.choice(["f", "m"], ROWS)
    title = np.where(sex == "m", "Mr", draw.choice(["Ms", "Mrs"], ROWS, p=[0.7, 0.3]))
    pay = draw.normal(0, 1, ROWS).round(3)
    odds = 1.2 * pay + 1.1 * (sex == "m") - 0.6 * (title == "Mrs")
    paid = np.where(draw.random(ROWS) < 1 / (1 + np.exp(-odds)), "yes", "no")
    town = draw.choice(["a", "b"], ROWS)
    return pd.DataFrame({"sex": sex, "title": title, "pay": pay, "town": town, "paid": paid})


def train(rows: pd.DataFrame, texts: list[str], path: Path) -> Pipeline:
    columns = ColumnTransformer(
        [("t", OneHotEncoder(handle_unknown="ignore"), texts), ("n", "passthrough", ["pay"])]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(rows[[*texts, "pay"]], rows["paid"])
    skops.io.dump(model, path)
    return model


def audit(folder: Path, more: str = "") -> tuple[AuditReport, Path]:
    (folder / "audit.toml").write_text(AUDIT.format(more=more), encoding="utf-8")
    run = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=(COUNTERFACTUAL,))
    return run.report, run.path


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    frame = make_rows()
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return frame


def test_flips_equal_the_model_asked_by_hand(tmp_path: Path, rows: pd.DataFrame) -> None:
    model = train(rows, ["sex", "title"], tmp_path / "model.skops")
    report, folder = audit(tmp_path)
    features = rows[["sex", "title", "pay"]]
    before = model.predict_proba(features)[:, 1]
    after = model.predict_proba(features.assign(sex=rows["sex"].map({"f": "m", "m": "f"})))[:, 1]
    turned = (before >= 0.5) != (after >= 0.5)
    whole = report.by_id["flip_turned_share[sex]"].estimate
    assert (whole.value, whole.n) == (pytest.approx(turned.mean()), ROWS)
    women = (rows["sex"] == "f").to_numpy()
    gained = report.by_id["flip_gained_share[sex=f]@as m"].estimate
    assert gained.n == women.sum()
    assert gained.value == pytest.approx(((before < 0.5) & (after >= 0.5))[women].mean())
    assert gained.value > 0.05
    assert report.by_id["flip_lost_share[sex=f]@as m"].value == 0.0
    assert report.by_id["flip_gained_share[sex=m]@as f"].value == 0.0
    moved = report.by_id["flip_score_change[sex=f]@as m"].estimate
    assert moved.value == pytest.approx((after - before)[women].mean())
    assert moved.low < moved.value < moved.high
    stored = pq.read_table(folder / "evidence" / "flips.parquet").to_pandas()
    assert len(stored) == ROWS
    assert (stored["y_pred"] != stored["y_pred_flipped"]).mean() == pytest.approx(turned.mean())
    mine = stored.set_index("row").loc[[str(n) for n in range(ROWS)]]
    np.testing.assert_allclose(mine["y_score_flipped"], after)


def test_declared_descendants_move_along(tmp_path: Path, rows: pd.DataFrame) -> None:
    model = train(rows, ["sex", "title"], tmp_path / "model.skops")
    _, folder = audit(tmp_path, '[data.descendants]\nsex = ["title"]')
    stored = pq.read_table(folder / "evidence" / "flips.parquet").to_pandas()
    women = rows["sex"] == "f"
    made_men = rows[women][["sex", "title", "pay"]].assign(sex="m", title="Mr")
    mine = stored[stored["group"] == "f"].set_index("row").loc[made_men.index.astype(str)]
    np.testing.assert_allclose(mine["y_score_flipped"], model.predict_proba(made_men)[:, 1])


def test_a_descendant_counts_where_the_model_does_not_see_the_column_itself(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    train(rows, ["title"], tmp_path / "model.skops")
    report, _ = audit(tmp_path, '[data.descendants]\nsex = ["title"]')
    assert report.by_id["flip_turned_share[sex]"].value > 0
    unseen = report.by_id["flip_turned_share[town]"].unavailable
    assert "not given town" in unseen.reason
    assert "says nothing of columns that stand for it" in unseen.reason


def test_a_model_that_sees_nothing_protected(tmp_path: Path, rows: pd.DataFrame) -> None:
    train(rows, ["title"], tmp_path / "model.skops")
    report, _ = audit(tmp_path)
    outcome = next(check for check in report.checks if check.code == flips.CODE)
    assert outcome.status is CheckStatus.NOT_APPLICABLE
    assert "not given sex and town" in outcome.reason


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('[data.descendants]\nsex = ["titel"]', "did you mean 'title'"),
        ('[data.descendants]\nsexx = ["title"]', "not in protected; did you mean 'sex'"),
        ('[data.descendants]\nsex = ["paid"]', "protected or the target"),
    ],
)
def test_wrong_descendants_say_what_is_allowed(
    tmp_path: Path, rows: pd.DataFrame, more: str, expected: str
) -> None:
    train(rows, ["title"], tmp_path / "model.skops")
    with pytest.raises(InputError, match=expected):
        audit(tmp_path, more)


def test_only_some_rows_are_drawn_and_the_report_says_so(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(rows, ["sex", "title"], tmp_path / "model.skops")
    monkeypatch.setattr(flips, "FLIP_ROWS", 200)
    report, _ = audit(tmp_path)
    assert report.by_id["flip_turned_share[sex]"].estimate.n == 200
    assert any(
        "200 of 600 rows, sampled with the run's seed" in e.description for e in report.evidence
    )


def test_a_number_cut_into_groups_is_moved_by_rank(tmp_path: Path, rows: pd.DataFrame) -> None:
    """Pay as the protected column: three groups, each made the middle one and back."""
    train(rows, ["sex", "title"], tmp_path / "model.skops")
    text = AUDIT.format(more="[data.edges]\npay = [-0.5, 0.5]")
    text = text.replace('"town"]', '"pay"]')
    (tmp_path / "audit.toml").write_text(text, encoding="utf-8")
    run = run_audit(
        tmp_path / "audit.toml", tmp_path / "run", device="cpu", checks=(COUNTERFACTUAL,)
    )
    lifted = run.report.by_id["flip_score_change[pay=under -0.5]@as -0.5 to under 0.5"]
    lowered = run.report.by_id["flip_score_change[pay=0.5 and over]@as -0.5 to under 0.5"]
    assert lifted.value > 0 > lowered.value
    assert run.report.by_id["flip_turned_share[pay]"].estimate.n == ROWS


DECLARED = """
[data.descendants]
sex = ["title"]
[data.pairs.sex.title]
"f -> m" = { Ms = "Mr" }
"""


def read_flipped(folder: Path, group: str) -> pd.Series:
    stored = pq.read_table(folder / "evidence" / "flips.parquet").to_pandas()
    mine = stored[stored["group"] == group]
    return mine.set_index(mine["row"].astype(int))["y_score_flipped"].sort_index()


def test_declared_values_stand_in_for_learned_ones(tmp_path: Path, rows: pd.DataFrame) -> None:
    """Ms becomes Mr and Mrs stays, because nothing is said of it; the way back is learned."""
    model = train(rows, ["sex", "title"], tmp_path / "model.skops")
    _, folder = audit(tmp_path, DECLARED)
    women = rows[rows["sex"] == "f"][["sex", "title", "pay"]]
    made_men = women.assign(sex="m", title=women["title"].replace({"Ms": "Mr"}))
    assert set(made_men["title"]) == {"Mr", "Mrs"}
    np.testing.assert_allclose(read_flipped(folder, "f"), model.predict_proba(made_men)[:, 1])
    men = rows[rows["sex"] == "m"][["sex", "title", "pay"]].assign(sex="f")
    as_some_title = [model.predict_proba(men.assign(title=title))[:, 1] for title in ("Ms", "Mrs")]
    found = read_flipped(folder, "m").to_numpy()
    is_ms, is_mrs = (np.isclose(found, scores) for scores in as_some_title)
    assert (is_ms | is_mrs).all()
    assert 0.2 < is_mrs.mean() < 0.4


def test_declared_both_ways(tmp_path: Path, rows: pd.DataFrame) -> None:
    model = train(rows, ["sex", "title"], tmp_path / "model.skops")
    _, folder = audit(tmp_path, DECLARED.replace("f -> m", "f <-> m"))
    men = rows[rows["sex"] == "m"][["sex", "title", "pay"]]
    made_women = men.assign(sex="f", title="Ms")
    np.testing.assert_allclose(read_flipped(folder, "m"), model.predict_proba(made_women)[:, 1])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("f -> m", "f -> male", "'sex' has no group 'male'; it has 'f', 'm'"),
        ("Ms =", "Miss =", "column 'title' has no 'Miss'; did you mean"),
        ('"Mr"', '"Mister"', "column 'title' has no 'Mister'"),
        ("sex.title", "sex.titel", "not declared to follow from 'sex'; did you mean 'title'"),
        ("sex.title", "town.title", r'add \[data.descendants\] town = \["title"\]'),
        ("f -> m", "f to m", 'write a flip as "group -> other"'),
        ('"f -> m" = { Ms = "Mr" }', '"f <-> m" = { Ms = "Mr", Mrs = "Mr" }', "on the way back"),
        ('{ Ms = "Mr" }', "{}", "has no values"),
        ('"f -> m"', '"f <-> m" = { Ms = "Mr" }\n"m -> f"', '"m -> f" is declared twice'),
    ],
)
def test_wrong_pairs_say_what_is_allowed(
    tmp_path: Path, rows: pd.DataFrame, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(AUDIT.format(more=DECLARED.replace(old, new)), encoding="utf-8")
    connection = connect()
    with pytest.raises(InputError, match=expected):
        spec = load_spec(path)
        check_named_columns(spec, open_table(connection, spec, tmp_path))
    connection.close()


def test_an_audit_with_wrong_pairs_is_refused(tmp_path: Path, rows: pd.DataFrame) -> None:
    train(rows, ["title"], tmp_path / "model.skops")
    with pytest.raises(InputError, match="column 'title' has no 'Miss'; did you mean"):
        audit(tmp_path, DECLARED.replace("Ms =", "Miss ="))


def test_numbers_and_yes_or_no_are_replaced_by_value() -> None:
    numbers = pd.Series([1.0, np.nan, 2.0, 3.0])
    swapped = replace_values(numbers, [("1", 2), ("2.0", 1)])
    assert swapped.tolist()[::2] == [2.0, 1.0]
    assert np.isnan(swapped[1])
    assert swapped[3] == 3.0
    whole = replace_values(pd.Series([1, 2]), [("1", 5.0)])
    assert whole.tolist() == [5, 2]
    assert whole.dtype == np.int64
    assert replace_values(pd.Series([True, False]), [("true", False)]).tolist() == [False, False]
