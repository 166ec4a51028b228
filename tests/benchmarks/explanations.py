"""`make bench`: exact SHAP of tree ensembles beside `shap.TreeExplainer`, in one run.

shap is asked for some rows and its time multiplied up to all of them, which favours it: what it
does once for a model is multiplied too only where it is small. Ours explains all rows. The time of
compiling our walk is paid once a worker and stands on a line of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import shap
import skops.io
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.explain.columns import Request
from audits.explain.engine import SERVICE, prepare_explainer
from audits.explain.methods import INTERVENTIONAL_SHAP
from audits.explain.trees import engine as tree
from audits.models.worker.client import open_model
from tests.explain.all_rows import compute_attributions

ROWS, COLUMNS = 20_000, 14
INTERVENTIONAL_ROWS = 10_000
MANY_ROWS = 1_000_000
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Model = Any


def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(rows, COLUMNS))
    score = matrix[:, 0] + matrix[:, 1] * matrix[:, 2] + np.abs(matrix[:, 3])
    return matrix, (score + generator.normal(size=rows) > 0.8).astype(int)


def fit_models(matrix: np.ndarray, y: np.ndarray) -> dict[str, tuple[Model, int]]:
    """Return each model and how many rows shap is asked for."""
    boosted = {"objective": "binary:logistic", "max_depth": 6}
    return {
        "XGBoost, 200 x depth 6": (xgboost.train(boosted, xgboost.DMatrix(matrix, y), 200), 1_000),
        "LightGBM, 200 x 31 leaves": (
            lightgbm.train(
                {"objective": "binary", "verbose": -1}, lightgbm.Dataset(matrix, y), 200
            ),
            1_000,
        ),
        "histogram boosting, 200": (HistGradientBoostingClassifier(max_iter=200).fit(matrix, y), 1_000),
        "gradient boosting, 200 x depth 3": (
            GradientBoostingClassifier(n_estimators=200).fit(matrix, y),
            2_000,
        ),
        "random forest, 100 x depth 10": (
            RandomForestClassifier(max_depth=10, n_jobs=-1, random_state=0).fit(matrix, y),
            200,
        ),
        "random forest, 20, unlimited": (
            RandomForestClassifier(20, n_jobs=-1, random_state=0).fit(matrix, y),
            20,
        ),
    }  # fmt: skip


def clock(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


def last_class(values: Any) -> np.ndarray:
    found = np.asarray(values)
    return found[:, :, 1] if found.ndim == 3 else found


def compare_path(name: str, model: Model, matrix: np.ndarray, peer_rows: int) -> float:
    """Print one model's line; return the ratio of times."""
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    part = matrix[:peer_rows]
    spent, expected = clock(lambda: explainer.shap_values(part, check_additivity=False))
    peer = spent * len(matrix) / peer_rows
    seconds, found = clock(lambda: tree.explain(model, matrix, Request("binary")))
    gap = float(np.abs(found.values[:peer_rows] - last_class(expected)).max())
    print(
        f"{name:34} {len(matrix):>9,} rows: ours {seconds:7.2f} s, shap {peer:9.1f} s (from "
        f"{peer_rows:,} rows): {peer / seconds:6.1f} times; differ by {gap:.1g}",
        flush=True,
    )
    return peer / seconds


def compare_interventional(model: Model, matrix: np.ndarray) -> float:
    """Print 10,000 rows against 10,000 reference rows; return the ratio of times."""
    rows, background = matrix[:INTERVENTIONAL_ROWS], matrix[-INTERVENTIONAL_ROWS:]
    peer_rows = peer_reference = 100
    masker = shap.maskers.Independent(background[:peer_reference], peer_reference)
    explainer = shap.TreeExplainer(model, data=masker, feature_perturbation="interventional")
    spent, _ = clock(lambda: explainer.shap_values(rows[:peer_rows], check_additivity=False))
    peer = spent * (len(rows) / peer_rows) * (len(background) / peer_reference)
    request = Request("binary", method=INTERVENTIONAL_SHAP, background=background)
    seconds, found = clock(lambda: tree.explain(model, rows, request))
    print(
        f"{'XGBoost against reference rows':34} {len(rows):,} x {len(background):,} rows: ours "
        f"{seconds:.2f} s, shap {peer:,.0f} s (from {peer_rows} x {peer_reference}): "
        f"{peer / seconds:,.0f} times; adds up to {found.additivity_error:.1g}",
        flush=True,
    )
    return peer / seconds


def measure_adult() -> float:
    """Print all test rows of Adult through a one-hot pipeline in the worker; return seconds."""
    parts = []
    for name in ("adult_train.csv", "adult_test.csv"):
        rows = pd.read_csv(DATA / name, na_values="?", skipinitialspace=True, keep_default_na=False)
        parts.append((rows.drop(columns="income"), rows["income"].str.startswith(">50K")))
    (train, y), (test, _) = parts
    words = list(train.select_dtypes(exclude="number").columns)
    encoder = make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(strategy="most_frequent"),
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            ),
            words,
        ),
        remainder="passthrough",
    )
    model = make_pipeline(encoder, GradientBoostingClassifier(n_estimators=200, random_state=0))
    model.fit(train, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        skops.io.dump(model, path)
        with open_model(path, services=[SERVICE]) as client:
            seconds, found = clock(lambda: compute_attributions(client, test, background=None))
    print(
        f"{'Adult, one-hot, gradient boosting':34} {len(test):>9,} rows x {test.shape[1]}: "
        f"{seconds:.2f} s in the worker, compiling included; adds up to "
        f"{found.additivity_error:.1g}",
        flush=True,
    )
    return seconds


def measure_many() -> dict[str, float]:
    """Explain 1,000,000 rows chunk by chunk in the worker; seconds, and MB of both processes."""
    matrix, y = draw(ROWS)
    model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(matrix, y), 200)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.txt"
        model.save_model(path)
        names = model.feature_name()
        generator = np.random.default_rng(1)
        frame = pd.DataFrame(generator.normal(size=(MANY_ROWS, COLUMNS)), columns=names)
        with open_model(path, services=[SERVICE]) as client:
            explainer = prepare_explainer(client, frame, None)
            started = time.perf_counter()
            error = max(chunk.additivity_error for chunk in explainer.iterate(frame))
            seconds = time.perf_counter() - started
            parent, worker = (read_peak(pid) for pid in ("self", client._process.pid))
    return {"seconds": seconds, "error": error, "parent": parent, "worker": worker}


def read_peak(pid: int | str) -> float:
    """Return a process's own peak in MB: getrusage counts what its parent held too."""
    text = Path(f"/proc/{pid}/status").read_text()
    return float(text.split("VmHWM:")[1].split()[0]) / 1024


def print_many() -> None:
    done = subprocess.run(
        [sys.executable, __file__, "many"], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{'LightGBM, 200 x 31 leaves':34} {MANY_ROWS:>9,} rows: {found['seconds']:.1f} s in the "
        f"worker; peak {found['worker']:,.0f} MB in it and {found['parent']:,.0f} MB in the audit "
        f"(target 2,048 together); adds up to {found['error']:.1g}",
        flush=True,
    )


def main() -> int:
    warnings.filterwarnings("ignore")
    if sys.argv[1:] == ["many"]:
        print(json.dumps(measure_many()))
        return 0
    matrix, y = draw(ROWS)
    models = fit_models(matrix, y)
    first = models["random forest, 20, unlimited"][0]
    seconds, _ = clock(lambda: tree.explain(first.estimators_[0], matrix[:1], Request("binary")))
    print(f"{'reading a tree and compiling':34} once: {seconds:.1f} s", flush=True)
    ratios = {
        name: compare_path(name, model, matrix, rows) for name, (model, rows) in models.items()
    }
    boosted = models["XGBoost, 200 x depth 6"][0]
    against = compare_interventional(boosted, matrix)
    print(
        f"targets: XGBoost 5 times ({ratios['XGBoost, 200 x depth 6']:.1f}); no model slower than "
        f"shap ({min(ratios.values()):.1f}); against reference rows 1,000 times ({against:,.0f})"
    )
    print_many()
    if DATA.exists():
        print(f"target: Adult in 10 s ({measure_adult():.1f})")
    else:
        print("../shared/data, the real public data sets, is absent: Adult is not measured")
    return 0


if __name__ == "__main__":
    sys.exit(main())
