"""`make bench`: the Adult audit by stage, with peak memory, beside its peers in the same run."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import fairlearn.metrics as fl
import lightgbm as lgb
import numpy as np
import pandas as pd
import shap
from sklearn.metrics import accuracy_score

from audits.checks.base import CubeContext
from audits.checks.builtin import CUBE_CHECKS
from audits.cli.after.card import write_cards
from audits.core.errors import CheckNotApplicableError
from audits.core.settings.read import load_spec
from audits.pipeline.run import run_audit

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TARGET_SECONDS = 90
AUDIT = """
[audit]
name = "Adult income, LightGBM"
[data]
path = "{folder}/adult_test.csv"
reference = "{folder}/adult_train.csv"
target = "income"
positive = ">50K"
protected = ["sex", "race"]
missing = ["?"]
[model]
path = "adult.txt"
[recourse]
rows = 200
immutable = ["race", "sex"]
increase_only = ["age"]
"""


def read_adult(part: str) -> pd.DataFrame:
    """Read "train" or "test", texts as categories."""
    frame = pd.read_csv(DATA / f"adult_{part}.csv", keep_default_na=False, na_values=["?"])
    texts = frame.select_dtypes(exclude="number").columns.drop("income")
    return frame.astype(dict.fromkeys(texts, "category"))


def train_booster(path: Path, trees: int) -> lgb.Booster:
    """Train on adult_train with native categories and save as LightGBM text."""
    frame = read_adult("train")
    data = lgb.Dataset(frame.drop(columns="income"), frame["income"] == ">50K")
    settings = {"objective": "binary", "verbose": -1, "seed": 0, "num_threads": 2,
                "deterministic": True, "force_row_wise": True}  # fmt: skip
    booster = lgb.train(settings, data, trees)
    booster.save_model(str(path))
    return booster


def write_audit(folder: Path, extra: str = "") -> Path:
    """Write the audit's settings beside the model."""
    file = folder / "audit.toml"
    file.write_text(AUDIT.format(folder=DATA) + extra)
    return file


def time_call(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak_memory() -> tuple[float, float]:
    """Return the peak of this process and of its largest child, in MB."""
    return tuple(
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )  # type: ignore[return-value]


def run_stages(audit: Path, out: Path) -> tuple[dict[str, float], object]:
    """Audit, and return the seconds of every stage."""
    stages: dict[str, float] = {}
    now = {"stage": "start", "since": time.perf_counter()}

    def step(stage: str, _: float | None) -> None:
        moment = time.perf_counter()
        stages[now["stage"]] = stages.get(now["stage"], 0.0) + moment - now["since"]
        now.update(stage=stage, since=moment)

    bundle = run_audit(audit, out, device="cpu", progress=step, finish=write_cards)
    step("end", None)
    return stages, bundle


def compare_fairlearn(bundle: object) -> tuple[float, float]:
    """Return seconds of four metrics in MetricFrame, and of all of ours with intervals."""
    context = CubeContext(load_spec(bundle.path / "audit.toml"), bundle.load_cube())
    rows = pd.read_parquet(bundle.evidence_path("predictions.parquet"))
    metrics = {
        "selection_rate": fl.selection_rate, "tpr": fl.true_positive_rate,
        "fpr": fl.false_positive_rate, "accuracy": accuracy_score,
    }  # fmt: skip

    def peer() -> None:
        for groups in (["sex"], ["race"], ["sex", "race"]):
            frame = fl.MetricFrame(
                metrics=metrics,
                y_true=rows.y_true,
                y_pred=rows.y_pred,
                sensitive_features=rows[groups],
            )  # fmt: skip
            frame.difference()

    def own() -> None:
        for check in CUBE_CHECKS:
            with suppress(CheckNotApplicableError):
                check.compute(context)

    ours = time_call(own)
    return time_call(peer), ours


def main() -> int:
    if not DATA.is_dir():
        print("../shared/data, the real public data sets, is absent: nothing to measure")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        booster = train_booster(folder / "adult.txt", 200)
        stages, bundle = run_stages(write_audit(folder), folder / "run")
        print("Adult: LightGBM of 200 trees, 16,281 rows, SHAP on all, 200 counterfactuals, card")
        for stage, seconds in stages.items():
            print(f"  {stage:26} {seconds:7.2f} s")
        total, (own, child) = sum(stages.values()), peak_memory()
        print(f"  {'all':26} {total:7.2f} s   target {TARGET_SECONDS} s")
        print(f"  peak memory: audit {own:,.0f} MB, its children at most {child:,.0f} MB")
        peer, ours = compare_fairlearn(bundle)
        print("\nFairness by sex, race and both, from predictions")
        print(f"  fairlearn MetricFrame, 4 metrics, no intervals     {peer:7.2f} s")
        count = len(bundle.report.measurements)
        print(f"  the cube, {count:,} numbers with intervals            {ours:7.2f} s")
        rows = read_adult("test").drop(columns="income").head(500)
        peer = time_call(lambda: shap.TreeExplainer(booster).shap_values(rows)) * 16281 / len(rows)
        ours = next(c.seconds for c in bundle.report.checks if c.code == "explain.attributions")
        print("\nSHAP of 16,281 rows, native categories")
        print(f"  shap.TreeExplainer, extrapolated from 500 rows     {peer:7.2f} s")
        print(f"  the audit's check, written as evidence             {ours:7.2f} s")
        print(f"  ratio                                              {peer / ours:7.2f}")
        return int(np.isnan(total))


if __name__ == "__main__":
    sys.exit(main())
