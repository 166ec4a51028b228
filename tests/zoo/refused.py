"""Kinds that no file carries safely: what the refusal says, and its way walked to the end."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import torch
from fairlearn.preprocessing import CorrelationRemover
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRanker

from tests.zoo.kind import CONVERT, HOST
from tests.zoo.networks import Network
from tests.zoo.rows import ROWS

OWN = """
def add_ratio(rows):
    return rows.assign(ratio=rows["debt"] / rows["income"])
"""


@dataclass(frozen=True)
class Refused:
    """name, way: for people. save: writes the model into a folder and returns its file and its
    own probabilities of ROWS.numbers (None where it has none). says: words of the refusal.
    mend: does what the refusal says, and returns the file that opens; edit: changes the host's
    script as it says."""

    name: str
    way: str
    save: Callable[[Path], tuple[Path, np.ndarray | None]]
    says: tuple[str, ...]
    mend: Callable[[Path], Path] | None = None
    edit: Callable[[str], str] = str


def _dump(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return folder / "model.joblib"


def _save_own_function(folder):
    """A script of one's own trains and saves: the function is of `__main__`, as in a notebook."""
    ROWS.numbers.to_csv(folder / "rows.csv", index=False)
    np.save(folder / "target.npy", ROWS.zero_one)
    script = OWN + textwrap.dedent("""
        import joblib, numpy as np, pandas as pd
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler
        rows = pd.read_csv("rows.csv")
        model = make_pipeline(FunctionTransformer(add_ratio), StandardScaler(), LogisticRegression())
        joblib.dump(model.fit(rows, np.load("target.npy")), "model.joblib")
        np.save("expected.npy", model.predict_proba(rows))
    """)
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)
    return folder / "model.joblib", np.load(folder / "expected.npy")


def _save_fairlearn(folder):
    model = make_pipeline(CorrelationRemover(sensitive_feature_ids=["age"]), LogisticRegression())
    model.fit(ROWS.numbers, ROWS.zero_one)
    return _dump(model, folder), model.predict_proba(ROWS.numbers)


def _save_without_refit(folder):
    grid = {"logisticregression__C": [0.1, 1.0]}
    model = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(model, grid, refit=False, scoring="roc_auc", cv=2)
    return _dump(search.fit(ROWS.numbers, ROWS.zero_one), folder), None


def _fit_the_best(folder):
    search = joblib.load(folder / "model.joblib")
    model = search.estimator.set_params(**search.best_params_).fit(ROWS.numbers, ROWS.zero_one)
    return _dump(model, folder)


def _save_scaler(folder):
    return _dump(StandardScaler().fit(ROWS.numbers), folder), None


def _save_pipeline(folder):
    return _dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(
        ROWS.numbers, ROWS.zero_one), folder)  # fmt: skip


def _save_ranker(folder):
    model = XGBRanker(n_estimators=3).fit(
        ROWS.numbers, ROWS.zero_one, qid=np.zeros(len(ROWS.amount))
    )
    return _dump(model, folder), None


def _save_torch_whole(folder):
    torch.save(Network(), folder / "model.pt")
    return folder / "model.pt", None


def _export_torch(folder):
    from tests.zoo.networks import _save_with_torch

    model = torch.load(folder / "model.pt", weights_only=False)
    return _save_with_torch(model.eval(), folder)


REFUSED = [
    Refused(
        "A pipeline with a function of one's own", HOST, _save_own_function,
        ("add_ratio", "script that trained it", "assay host"),
        edit=lambda script: script.replace("import joblib\n", "import joblib\n" + OWN, 1),
    ),
    Refused("A pipeline with a transformer of fairlearn", HOST, _save_fairlearn,
            ("CorrelationRemover", "assay host")),
    Refused("GridSearchCV with refit=False", CONVERT, _save_without_refit,
            ("refit=False", "best_params_"), _fit_the_best),
    Refused("A scaler alone", CONVERT, _save_scaler, ("StandardScaler", "save the pipeline"),
            _save_pipeline),
    Refused("XGBRanker", "a classifier or a regressor", _save_ranker, ("XGBRanker", "classifier")),
    Refused("torch.save of a whole network", "ONNX", _save_torch_whole, ("export", "ONNX"),
            _export_torch),
]  # fmt: skip
