"""Train the loan approval model: `python -m sample_models.credit.train`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from sample_models.credit.generate import (
    HOUSING,
    OTHER_DISTRICTS,
    PENALISED,
    PURPOSES,
    SAVINGS,
    generate,
)
from sample_models.files import save_csv

HERE = Path(__file__).parent
MODEL_FILE = "model/credit.skops"
TARGET = "repaid"

NUMERIC = (
    "age",
    "income",
    "employment_years",
    "loan_amount",
    "duration_months",
    "existing_loans",
    "late_payments",
)
CATEGORICAL = {
    "district": (*PENALISED, *OTHER_DISTRICTS),
    "savings": SAVINGS,
    "housing": HOUSING,
    "purpose": tuple(PURPOSES),
}


def build_pipeline(seed: int) -> Pipeline:
    """Return the unfitted model: one-hot text columns and raw numbers into boosted trees.

    The categories are declared, so "?", an empty field and an unseen text are all the same to
    the model: no category at all. The trees take missing numbers as they are.
    """
    encoder = OneHotEncoder(
        categories=[list(names) for names in CATEGORICAL.values()],
        handle_unknown="ignore",
        sparse_output=False,
    )
    columns = ColumnTransformer(
        [("text", encoder, list(CATEGORICAL)), ("numbers", "passthrough", list(NUMERIC))]
    )
    trees = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.08, max_leaf_nodes=15, random_state=seed
    )
    return Pipeline([("columns", columns), ("trees", trees)])


def train_model(frame: pd.DataFrame, seed: int = 0) -> Pipeline:
    """Return the model fitted to `frame`, which has the features and the target `repaid`."""
    return build_pipeline(seed).fit(frame[[*CATEGORICAL, *NUMERIC]], frame[TARGET])


def run_training(
    folder: Path = HERE,
    train_rows: int = 20_000,
    test_rows: int = 10_000,
    seed: int = 0,
    biased: bool = True,
) -> str:
    """Write `data/` and `model/` into `folder`; return one sentence on what was made.

    The test rows come from `seed + 1`. `biased=False` trains on the twin without the biases.
    """
    train = generate(train_rows, seed, biased)
    test = generate(test_rows, seed + 1, biased)
    save_csv(train, folder / "data/train.csv")
    save_csv(test, folder / "data/test.csv")
    # At this size one thread is as fast as two, and ten times faster when the cores are busy.
    with threadpool_limits(1):
        model = train_model(train, seed)
        accuracy = model.score(test[[*CATEGORICAL, *NUMERIC]], test[TARGET])
    path = folder / MODEL_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    skops.io.dump(model, partial)
    partial.replace(path)
    return (
        f"credit: trained on {train_rows:,} loans, right on {accuracy:.0%} of {test_rows:,} others"
    )


if __name__ == "__main__":
    print(run_training())
