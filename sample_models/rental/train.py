"""Train the model that lets flats: `python -m sample_models.rental.train`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sample_models.files import save_csv
from sample_models.rental.generate import JOBS, generate

HERE = Path(__file__).parent
MODEL_FILE = "model/rental.skops"
TARGET = "paid"

NUMERIC = ("income", "savings", "record_years", "debts")
CATEGORICAL = {"job": tuple(JOBS), "pets": ("none", "cat", "dog")}


def build_pipeline() -> Pipeline:
    """Return the unfitted model: medians for missing numbers, then a logistic regression.

    The categories are declared, so "?", an empty field and an unseen text are all the same to
    the model: no category at all.
    """
    encoder = OneHotEncoder(
        categories=[list(names) for names in CATEGORICAL.values()],
        handle_unknown="ignore",
        sparse_output=False,
    )
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer(
        [("text", encoder, list(CATEGORICAL)), ("numbers", numbers, list(NUMERIC))]
    )
    return Pipeline([("columns", columns), ("linear", LogisticRegression())])


def train_model(frame: pd.DataFrame) -> Pipeline:
    """Return the model fitted to `frame`, which has the features and the target `paid`."""
    return build_pipeline().fit(frame[[*CATEGORICAL, *NUMERIC]], frame[TARGET])


def run_training(
    folder: Path = HERE,
    train_rows: int = 8_000,
    test_rows: int = 4_000,
    seed: int = 0,
    biased: bool = True,
) -> str:
    """Write `data/` and `model/` into `folder`; return one sentence on what was made.

    The test rows come from `seed + 1`. `biased=False` trains on the twin without the gap.
    """
    train = generate(train_rows, seed, biased)
    test = generate(test_rows, seed + 1, biased)
    save_csv(train, folder / "data/train.csv")
    save_csv(test, folder / "data/test.csv")
    model = train_model(train)
    accuracy = model.score(test[[*CATEGORICAL, *NUMERIC]], test[TARGET])
    path = folder / MODEL_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    skops.io.dump(model, partial)
    partial.replace(path)
    return (
        f"rental: trained on {train_rows:,} flats, right on {accuracy:.0%} of {test_rows:,} others"
    )


if __name__ == "__main__":
    print(run_training())
