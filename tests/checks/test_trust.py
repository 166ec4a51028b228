"""The check on whole audits: what it says of the run's own attributions, and of spoiled ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audits.checks.base import Check, CheckResult, Context
from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.explain.trust import CODE, TRUST
from audits.core.report.report import AuditReport, CheckStatus
from audits.findings.stories.trust import Trust, judge_explanations
from audits.findings.stories.trust_limits import Grade
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from audits.store.bundle import Bundle

COLUMNS = ("größe", "euros", "c", "d", "e", "f")
AUDIT = """
[audit]
name = "Trust"
seed = 1
[data]
path = "rows.parquet"
target = "y"
positive = "yes"
[model]
path = "model.skops"
[explain]
rows = 400
sampled_rows = 60
"""


def make_frame(rows: int = 600) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(rows, len(COLUMNS))), columns=list(COLUMNS))
    score = 2 * frame["größe"] + frame["euros"] - 0.5 * frame["c"] + 0.2 * frame["d"]
    frame["y"] = np.where(score + draw.normal(0, 0.5, rows) > 0, "yes", "no")
    return frame


def spoil_with(change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Check:
    """A check that replaces the stored attributions: what a broken method would have stored."""

    def compute(context: Context) -> CheckResult:
        (path,) = (context.folder / "evidence").glob("attributions.*.parquet")
        frame = pd.read_parquet(path)
        frame[list(COLUMNS)] = change(frame[list(COLUMNS)].to_numpy())
        frame["base"] = frame["output"] - frame[list(COLUMNS)].sum(axis=1)
        frame.to_parquet(path, index=False)
        return CheckResult(())

    return Check("test.spoil", "Spoil", "Spoils.", compute)


def audit(
    folder: Path, model: object, *between: Check, frame: pd.DataFrame | None = None, extra: str = ""
) -> Bundle:
    data = make_frame() if frame is None else frame
    model.fit(data[list(COLUMNS)], data["y"])  # type: ignore[attr-defined]
    skops.io.dump(model, folder / "model.skops")
    data.to_parquet(folder / "rows.parquet")
    (folder / "audit.toml").write_text(AUDIT + extra, encoding="utf-8")
    return run_audit(
        folder / "audit.toml", folder / "run", checks=(EXPLANATIONS, *between, TRUST), device="cpu"
    )


def judge(report: AuditReport) -> Trust:
    (found,) = judge_explanations(report.measurements)
    return found


def linear() -> object:
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return audit(tmp_path_factory.mktemp("honest"), linear())


def test_a_linear_model_s_explanation_can_be_relied_on(honest: Bundle) -> None:
    found = judge(honest.report)
    assert (found.method, found.grade) == ("linear_shap", Grade.RELIABLE)
    by_metric = {one.measurement.metric: one.measurement.estimate for one in found.findings}
    agreement, claim = by_metric["trust_agreement"], by_metric["trust_claim"]
    assert agreement is not None
    assert agreement.value > 0.95
    assert 80 <= agreement.n <= 100, "rows whose values are mostly error say nothing"
    assert claim is not None
    assert claim.low < 1 < claim.high + 0.05
    assert {"trust_noise", "trust_background", "trust_insertion", "trust_additivity",
            "trust_deletion_area", "trust_insertion_area"} <= set(by_metric)  # fmt: skip


def test_numbers_can_be_computed_again_from_the_evidence(honest: Bundle) -> None:
    rows = pq.read_table(honest.evidence_path("trust.parquet")).to_pandas()
    assert len(rows) == 200
    assert rows["row"].is_unique
    found = {item.metric: item for item in honest.report.measurements}
    assert rows["trust_noise"].mean() == pytest.approx(found["trust_noise"].value)
    ratio = rows["distance|top|3"].mean() / rows["distance|random|3"].mean()
    assert ratio == pytest.approx(found["trust_deletion"].value)
    slope = rows["claim|covered"].mean() / rows["claim|spread"].mean()
    assert slope == pytest.approx(found["trust_claim"].value)
    assert recompute_problems(honest) == []


def test_the_same_seed_gives_the_same_numbers(tmp_path: Path, honest: Bundle) -> None:
    again = audit(tmp_path, linear())
    assert again.report.measurements == honest.report.measurements


def test_a_boosted_model_s_explanation_can_be_relied_on(tmp_path: Path) -> None:
    found = judge(audit(tmp_path, HistGradientBoostingClassifier(max_iter=30)).report)
    assert (found.method, found.grade) == ("tree_shap", Grade.RELIABLE)
    metrics = {one.measurement.metric for one in found.findings}
    assert "trust_other_agreement" in metrics, "path-dependent SHAP asks another question"
    assert "trust_agreement" not in metrics


SPOILED: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "shuffled columns": lambda values: np.roll(values, 1, axis=1),
    "random": lambda values: np.random.default_rng(3).normal(size=values.shape).astype("float32"),
    "constant": np.ones_like,
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_wrong_explanation_is_shown_as_not_reliable(tmp_path: Path, how: str) -> None:
    found = judge(audit(tmp_path, linear(), spoil_with(SPOILED[how])).report)
    assert found.grade is Grade.UNRELIABLE
    against = {one.measurement.metric for one in found.decisive}
    assert against & {"trust_deletion", "trust_claim", "trust_agreement"}


def test_an_explanation_that_jumps_is_caught(tmp_path: Path) -> None:
    """A tree that has learned random outcomes by heart has another reason a hair's breadth away."""
    draw = np.random.default_rng(5)
    frame = make_frame(3_000)
    frame["y"] = draw.choice(["yes", "no"], len(frame))
    found = judge(audit(tmp_path, DecisionTreeClassifier(random_state=0), frame=frame).report)
    grades = {one.measurement.metric: one.grade for one in found.findings}
    assert found.grade is not Grade.RELIABLE
    assert grades["trust_noise_change"] is not Grade.RELIABLE


def test_sampled_values_state_their_error(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(25))
    bundle = audit(tmp_path, model, extra="pairs = 64\n")
    found = judge(bundle.report)
    assert found.method == "permutation_shap"
    assert found.grade is not Grade.UNRELIABLE
    by_metric = {one.measurement.metric: one for one in found.findings}
    sampling = by_metric["trust_sampling"].measurement.estimate
    assert sampling is not None
    assert 0 < sampling.value < 1
    assert sampling.n == 40
    assert "no other method" in by_metric["trust_agreement"].sentence


def test_turned_off(tmp_path: Path) -> None:
    report = audit(tmp_path, linear(), extra="trust_rows = 0\n").report
    outcome = next(one for one in report.checks if one.code == CODE)
    assert outcome.status is CheckStatus.SKIPPED
    assert judge_explanations(report.measurements) == ()


def test_too_few_rows_are_not_tested(tmp_path: Path) -> None:
    found = judge(audit(tmp_path, linear(), frame=make_frame(15)).report)
    assert found.grade is None
    assert "at least 20 are needed" in " ".join(one.sentence for one in found.findings)
