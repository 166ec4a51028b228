"""What retrains inside the model's worker, beside the model: `HANDLERS` for the wire.

Nothing is written here: retrained models go back as the bytes of skops files.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import InputError
from audits.models import Adapter, NativeModel, SkopsAdapter, import_skops, load

TRUE, GROUP = "\ue000assay true", "\ue000assay group"  # no name of the data holds U+E000
"""Columns of the training rows beside the features: 0 or 1 (favourable), and the group's name."""


MIN_GAP = 1e-3
"""fairlearn's reductions take no bound of exactly 0."""


def compute_reweighing(true: IntArray, groups: np.ndarray) -> FloatArray:
    """Return Kamiran and Calders' weights: what each row's group and outcome would be seen
    together if they were independent, over how often they are (2012, KAIS 33:1)."""
    _, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((group.max() + 1, 2))
    np.add.at(counts, (group, true), 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    weights: FloatArray = np.divide(expected, counts, out=np.zeros_like(counts), where=counts > 0)
    return np.asarray(weights[group, true], dtype=np.float64)


def reweigh(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `reweigh`: the model fitted again with weights, as a skops file.

    frame: the features, `TRUE` and `GROUP`. params: `output`, the index of the favourable class.
    Returns one row with the file's bytes in `content`.
    """
    model, keyword = _prepare_refit(adapter)
    assert isinstance(adapter, SkopsAdapter)
    true, groups = _read_training(frame)
    classes = adapter.model.classes_
    output = int(params["output"])
    weights = compute_reweighing(true, groups)
    features = adapter.prepare(frame)
    _fit(model, features, classes[np.where(true == 1, output, 1 - output)], {keyword: weights})
    return _pack([model]), {"kept": [0]}


def reduce(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `reduce`: fairlearn's ExponentiatedGradient over clones of the model.

    frame: as for `reweigh`. params: `constraint` (a class of fairlearn.reductions), `gap`.
    Returns one row for each model in use with its bytes in `content`, and `probabilities` of
    them; `constants` are decisions without a model, as (decision, probability). The models'
    classes are 0 and 1 (favourable).
    """
    reductions = importlib.import_module("fairlearn.reductions")
    model, keyword = _prepare_refit(adapter)
    assert isinstance(adapter, SkopsAdapter)
    true, groups = _read_training(frame)
    bound = max(float(params["gap"]), MIN_GAP)
    constraint = getattr(reductions, params["constraint"])(difference_bound=bound)
    gradient = reductions.ExponentiatedGradient(model, constraint, sample_weight_name=keyword)
    _fit(gradient, adapter.prepare(frame), true, {"sensitive_features": groups})
    models: list[NativeModel] = []
    probabilities: list[float] = []
    constants: list[tuple[float, float]] = []
    for place, probability in gradient.weights_.items():
        if probability <= 0:
            continue
        predictor = gradient.predictors_[place]
        if type(predictor).__name__ == "DummyClassifier":  # weights left one outcome only
            constants.append((float(predictor.constant), float(probability)))
        else:
            models.append(predictor)
            probabilities.append(float(probability))
    return _pack(models), {"probabilities": probabilities, "constants": constants}


def draw(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `draw`: the probability that a model drawn by chance selects each row.

    params: `paths` of skops files whose second class is the favourable one, `probabilities`.
    """
    total = np.zeros(len(frame))
    for path, probability in zip(params["paths"], params["probabilities"], strict=True):
        # scikit-learn's own `predict` takes the first class where both are as likely.
        total += probability * (_open(path).predict(frame)[:, 1] > 0.5)
    return pa.table({"probability": total}), {}


@lru_cache(maxsize=256)
def _open(path: str) -> SkopsAdapter:
    return load(Path(path), "cpu")


def _prepare_refit(adapter: Adapter) -> tuple[NativeModel, str]:
    """Return an unfitted clone of the model, and how its last step takes the rows' weights."""
    from sklearn.base import clone  # noqa: PLC0415
    from sklearn.utils.validation import has_fit_parameter  # noqa: PLC0415

    if not isinstance(adapter, SkopsAdapter):
        raise InputError("only scikit-learn models (skops files) can be fitted again")
    last = adapter.estimator
    if not has_fit_parameter(last, "sample_weight"):
        raise InputError(
            f"{type(last).__name__} cannot be fitted on weighted rows (its fit takes no "
            "sample_weight); use --method threshold-optimizer, or another final estimator"
        )
    steps = getattr(adapter.model, "steps", None)
    keyword = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    return clone(adapter.model), keyword


def _read_training(frame: pd.DataFrame) -> tuple[IntArray, np.ndarray]:
    return frame[TRUE].to_numpy(np.int64), frame[GROUP].to_numpy(dtype=object).astype(str)


def _fit(model: NativeModel, features: object, target: object, options: dict[str, Any]) -> None:
    try:
        model.fit(features, target, **options)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the model cannot be fitted again: {str(error).splitlines()[0][:300]}"
        ) from error


def _pack(models: list[NativeModel]) -> pa.Table:
    skops_io = import_skops()
    return pa.table({"content": pa.array([skops_io.dumps(m) for m in models], pa.large_binary())})


HANDLERS: Mapping[
    str, Callable[[Adapter, pd.DataFrame, dict[str, Any]], tuple[pa.Table, dict[str, Any]]]
] = {"reweigh": reweigh, "reduce": reduce, "draw": draw}
