"""The checks on effects, permutation importance and rules, through whole audits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.explain.anchors import ANCHORS, choose_rows
from audits.checks.explain.effects import EFFECTS
from audits.checks.explain.permutation import PERMUTATION
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit
from tests.near import open_near

CHECKS = (EFFECTS, PERMUTATION, ANCHORS)
ROWS = 1500
NUMBERS = ["income", "debt", "idle", "fixed"]


def make_rows(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    income, debt = rng.normal(50, 12, rows).round(1), rng.normal(20, 8, rows).round(1)
    frame = pd.DataFrame(
        {
            "income": np.where(rng.random(rows) < 0.1, np.nan, income),
            "debt": debt,
            "idle": rng.integers(0, 5, rows),
            "fixed": 7,
        }
    )
    score = 0.12 * (income - 50) - 0.15 * (debt - 20)
    frame["sex"] = rng.choice(["F", "M"], rows)
    frame["repaid"] = np.where(rng.random(rows) < 1 / (1 + np.exp(-score)), "yes", "no")
    frame["kind"] = np.where(score > 0.8, "c", np.where(score > -0.8, "b", "a"))
    frame["amount"] = (2 * income - debt + rng.normal(0, 3, rows)).round(2)
    return frame


@dataclass
class Audited:
    bundle: object
    rows: pd.DataFrame
    model: Path

    def status(self, code):
        found = next(check for check in self.bundle.report.checks if check.code == code)
        return found.status, found.reason

    def find(self, metric):
        return {m.slice: m for m in self.bundle.report.measurements if m.metric == metric}

    def read(self, name):
        return pq.read_table(self.bundle.evidence_path(name)).to_pandas()


def audit(folder, task, *, explain="", frame=None, model=True):
    frame = make_rows() if frame is None else frame
    frame.to_csv(folder / "rows.csv", index=False)
    target = {"binary": "repaid", "multiclass": "kind", "regression": "amount"}[task]
    settings = {"objective": task, "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": 0}
    train = make_rows(2000, seed=5)
    y = train[target]
    if task == "binary":
        y = (y == "yes").astype(int)
    if task == "multiclass":
        y, settings["num_class"] = pd.factorize(y, sort=True)[0], 3
    booster = lightgbm.train(settings, lightgbm.Dataset(train[NUMBERS], y), 30)
    booster.save_model(folder / "model.txt")
    classes = {"multiclass": 'classes = ["a", "b", "c"]', "binary": 'classes = ["no", "yes"]'}
    named = classes.get(task, "")
    positive = 'positive = "yes"' if task == "binary" else ""
    subject = (
        f'[model]\npath = "model.txt"\n{named}' if model else '[predictions]\nlabel = "repaid"'
    )
    (folder / "audit.toml").write_text(
        f'[audit]\nname = "x"\ntask = "{task}"\nseed = 3\n[data]\npath = "rows.csv"\n'
        f'target = "{target}"\n{positive}\nprotected = ["sex"]\n{subject}\n[explain]\n{explain}\n'
    )
    bundle = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=CHECKS)
    return Audited(bundle, frame, folder / "model.txt")


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    return audit(
        tmp_path_factory.mktemp("binary"), "binary", explain="effects_rows = 300\nanchors = 4"
    )


@pytest.fixture(scope="module")
def answer(binary):
    with open_near(binary.model) as client:
        yield lambda frame: client.predict(frame[NUMBERS])[:, 1]


def test_curves_are_the_models_own(binary, answer):
    found = binary.read("effects.parquet")
    assert list(dict.fromkeys(found["feature"])) == ["income", "debt", "idle"]
    # All rows make the accumulated effect; here every step is taken again, by hand.
    debt = found[found["feature"] == "debt"]
    edges, rows = debt["number"].to_numpy(), binary.rows
    cells = np.clip(np.searchsorted(edges, rows["debt"]) - 1, 0, len(edges) - 2)
    steps = answer(rows.assign(debt=edges[cells + 1])) - answer(rows.assign(debt=edges[cells]))
    summed = np.insert(np.cumsum(pd.Series(steps).groupby(cells).mean()), 0, 0)
    middle = ((summed[cells] + summed[cells + 1]) / 2).mean()
    np.testing.assert_allclose(debt["ale"], summed - middle, atol=1e-9)
    assert debt["n"].sum() == ROWS
    income = found[found["feature"] == "income"]
    assert income["value"].iloc[-1] == "(missing)"
    assert np.isnan(income["ale"].iloc[-1])
    assert income["n"].iloc[-1] == rows["income"].isna().sum()
    # 300 rows make the partial dependence: within its interval of that of all rows, mostly.
    whole = np.array([answer(rows.assign(debt=edge)).mean() for edge in edges])
    assert np.mean((debt["pdp_low"] <= whole) & (whole <= debt["pdp_high"])) > 0.7


def test_ranges_are_measured_with_their_rows(binary):
    assert binary.status("explain.effects")[0] is CheckStatus.MEASURED
    dependence = binary.find("partial_dependence_range")
    found = binary.read("effects.parquet")
    for name in ("income", "debt"):
        item = dependence[f"feature={name}"]
        curve = found.loc[found["feature"] == name, "pdp"]
        assert item.estimate.value == pytest.approx(np.ptp(curve))
        assert item.estimate.n == 300
        assert item.estimate.low > 0.2
    assert "one value only (7)" in dependence["feature=fixed"].unavailable.reason
    accumulated = binary.find("accumulated_effect_range")
    assert accumulated["feature=debt"].estimate.n == ROWS
    described = next(e for e in binary.bundle.report.evidence if "effects" in e.path).description
    assert "300 of 1,500 rows, sampled with the run's seed" in described
    assert "from all 1,500 rows" in described


def test_permutation_tells_the_useful_from_the_idle(binary):
    for metric in ("permutation_brier_score", "permutation_log_loss", "permutation_roc_auc"):
        found = binary.find(metric)
        for name in ("income", "debt"):
            item = found[f"feature={name}"]
            assert item.estimate.low > 0
            assert item.p_value < 0.001
            assert item.estimate.n == ROWS
        assert abs(found["feature=idle"].estimate.value) < 0.01
        assert found["feature=fixed"].unavailable is not None
        assert found["feature=fixed"].p_value is None


def test_rules_are_counted_on_the_rows(binary, answer):
    pytest.importorskip("alibi")
    assert binary.status("explain.anchors")[0] is CheckStatus.MEASURED
    found, rows = binary.read("anchors.parquet"), binary.rows
    assert len(found) == 4
    decided = np.where(answer(rows) >= 0.5, "yes", "no")
    near = found.loc[found["chosen"].str.startswith("nearest"), "row"].astype(int)
    distance = np.abs(answer(rows) - 0.5)
    assert set(decided[near]) == {"yes", "no"}
    for side in ("yes", "no"):
        own = np.where(decided == side, distance, np.inf)
        assert np.argmin(own) in set(near)
    for item in found.to_dict("records"):
        assert item["decision"] == decided[int(item["row"])]
        if item["reason"]:
            continue
        covered = np.ones(len(rows), dtype=bool)
        for text in item["conditions"]:
            covered &= read_by_hand(text, rows)
        assert covered[int(item["row"])]
        assert item["coverage"] == pytest.approx(covered.mean())
        covered[int(item["row"])] = False
        assert item["precision_n"] == covered.sum()
        if covered.any():
            assert item["precision"] == pytest.approx(np.mean(decided[covered] == item["decision"]))
            assert item["precision_low"] <= item["precision"] <= item["precision_high"]
    described = next(e for e in binary.bundle.report.evidence if "anchors" in e.path).description
    assert "Business Source License" in described


def read_by_hand(text, rows):
    """Return which rows satisfy a condition as a person would read it."""
    missing = text.endswith(" or missing")
    words = text.removesuffix(" or missing").split()
    if words[1:] == ["is", "missing"]:
        return rows[words[0]].isna().to_numpy()
    if words[1:] == ["is", "known"]:
        return rows[words[0]].notna().to_numpy()
    if words[1] == "<":
        own = rows[words[2]]
        inside = (own > float(words[0])) & (own <= float(words[4]))
    else:
        own = rows[words[0]]
        inside = own <= float(words[2]) if words[1] == "≤" else own > float(words[2])
    return (inside | (own.isna() & missing)).to_numpy()


def test_same_seed_same_report(binary, tmp_path):
    again = audit(tmp_path, "binary", explain="effects_rows = 300\nanchors = 4")
    first = [m.model_dump() for m in binary.bundle.report.measurements]
    assert first == [m.model_dump() for m in again.bundle.report.measurements]
    assert [e.sha256 for e in again.bundle.report.evidence] == [
        e.sha256 for e in binary.bundle.report.evidence
    ]


def test_regression_has_curves_of_the_value_and_no_rules(tmp_path):
    found = audit(tmp_path, "regression")
    item = found.find("partial_dependence_range")["feature=income"]
    assert item.unit == "target"
    assert item.estimate.value > 50  # twice the income's range of about 60
    assert found.find("permutation_squared_error")["feature=debt"].estimate.low > 10
    status, reason = found.status("explain.anchors")
    assert status is CheckStatus.NOT_APPLICABLE
    assert "a number is none" in reason


def test_multiclass_follows_the_first_class(tmp_path):
    found = audit(tmp_path, "multiclass", explain="anchors = 2")
    with open_near(found.model) as client:
        scores = client.predict(found.rows[NUMBERS])
    curve = found.read("effects.parquet").query("feature == 'debt'")
    assert curve["pdp"].mean() == pytest.approx(scores[:, 0].mean(), abs=0.15)
    assert curve["pdp"].iloc[-1] > curve["pdp"].iloc[0]  # debt makes class a more likely
    assert found.find("permutation_log_loss")["feature=debt"].p_value < 0.001
    if found.status("explain.anchors")[0] is CheckStatus.MEASURED:
        rules = found.read("anchors.parquet")
        assert set(rules["decision"]) <= {"a", "b", "c"}
        assert json.dumps(rules["chosen"].tolist())


def test_off_and_without_a_model(tmp_path):
    off = audit(tmp_path, "binary", explain="effects_rows = 0\npermutation_rows = 0\nanchors = 0")
    for code in ("effects", "permutation", "anchors"):
        status, reason = off.status(f"explain.{code}")
        assert status is CheckStatus.SKIPPED
        assert "= 0" in reason
    folder = tmp_path / "bare"
    folder.mkdir()
    bare = audit(folder, "binary", model=False)
    for code in ("effects", "permutation", "anchors"):
        assert bare.status(f"explain.{code}") == (
            CheckStatus.NOT_APPLICABLE, "decisions were audited without a model",
        )  # fmt: skip


def test_two_rows_alike_are_a_named_outcome(tmp_path):
    frame = make_rows(2).assign(income=50.0, debt=20.0, idle=1, repaid=["yes", "no"])
    found = audit(tmp_path, "binary", frame=frame)
    for code, words in (("effects", "two different values"), ("permutation", "too few")):
        status, reason = found.status(f"explain.{code}")
        assert status is CheckStatus.NOT_APPLICABLE
        assert words in reason
    status, _ = found.status("explain.anchors")
    assert status in (CheckStatus.MEASURED, CheckStatus.SKIPPED)  # skipped without alibi
    assert status is CheckStatus.SKIPPED or len(found.read("anchors.parquet")) == 2


def test_rows_near_another_decision_are_of_both_sides():
    distance = np.array([0.4, 0.1, 0.2, 0.05, 0.3, 0.01])
    above = np.array([1, 1, 1, 0, 0, 1])
    near, drawn = choose_rows(distance, above, 5, np.random.default_rng(0))
    assert list(near) == [3, 4, 5]
    assert len(drawn) == 2
    assert not set(near) & set(drawn)
    near, drawn = choose_rows(distance, np.zeros(6, dtype=int), 4, np.random.default_rng(0))
    assert list(near) == [3, 5]
    near, drawn = choose_rows(distance[:1], above[:1], 6, np.random.default_rng(0))
    assert (list(near), list(drawn)) == ([0], [])
