"""DiCE on given rows, run by `recourse.py` in an environment of its own (it imports no Assay).

Usage: python dice_peer.py MODEL REFERENCE ROWS METHOD ANSWERS OUT
MODEL: LightGBM text. REFERENCE, ROWS: Parquet; missing texts are "?". Writes every answer with
the number of its row (`row`) to OUT and prints its seconds and CPU seconds as JSON, and those
that passed before it was asked (`ready`: reading the data, predicting it).
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import dice_ml
import lightgbm as lgb
import numpy as np
import pandas as pd

IMMUTABLE = ("race", "sex")
OUTCOME = "accepted"


class Model:
    """What DiCE asks of a scikit-learn classifier, by a booster with native categories."""

    def __init__(self, path: str, reference: pd.DataFrame) -> None:
        self._booster = lgb.Booster(model_file=path)
        texts = reference.select_dtypes(exclude="number").columns
        self._types = {
            name: pd.CategoricalDtype(sorted(set(reference[name]) - {"?"})) for name in texts
        }

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        frame = rows.copy()
        for name in frame.columns:
            kind = self._types.get(name)
            frame[name] = frame[name].astype(kind) if kind else pd.to_numeric(frame[name])
        scores = self._booster.predict(frame)
        return np.column_stack([1 - scores, scores])

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return (self.predict_proba(rows)[:, 1] >= 0.5).astype(int)


def main() -> None:
    warnings.filterwarnings("ignore")
    model_path, reference_path, rows_path, method, answers, out = sys.argv[1:]
    reference, rows = pd.read_parquet(reference_path), pd.read_parquet(rows_path)
    model = Model(model_path, reference)
    began = time.perf_counter()
    numbers = list(reference.select_dtypes("number").columns)
    data = dice_ml.Data(
        dataframe=reference.assign(**{OUTCOME: model.predict(reference)}),
        continuous_features=numbers,
        outcome_name=OUTCOME,
    )
    explainer = dice_ml.Dice(data, dice_ml.Model(model=model, backend="sklearn"), method=method)
    ready = time.perf_counter() - began
    varying = [name for name in rows.columns if name not in IMMUTABLE]
    settings = {"random_seed": 0} if method == "random" else {}
    started, used = time.perf_counter(), time.process_time()
    found = explainer.generate_counterfactuals(
        rows, total_CFs=int(answers), desired_class="opposite", features_to_vary=varying, **settings
    )
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    parts = [
        example.final_cfs_df.drop(columns=OUTCOME).assign(row=number)
        for number, example in enumerate(found.cf_examples_list)
        if example.final_cfs_df is not None
    ]
    pd.concat(parts).astype(dict.fromkeys(rows.columns, str)).to_parquet(out)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "ready": ready}))


if __name__ == "__main__":
    main()
