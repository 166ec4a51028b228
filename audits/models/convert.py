"""Turns a person's own pickle into a file that opens without running code, and proves it equal.

Only `assay convert` calls this, with that person's consent: unlike everything else in this room
it unpickles, in the process of the person whose file it is.
"""

from __future__ import annotations

import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from audits.core.errors import AssayError, InputError, near_misses
from audits.models.adapter import FloatArray, NativeModel
from audits.models.client import open_model
from audits.models.columns import select_features
from audits.models.onnx_export import save_onnx
from audits.models.skops_file import describe_refused, find_refused_types, import_skops

TOLERANCES = {".skops": 1e-9, ".onnx": 1e-5}
"""Largest difference of a probability, or of a target in units of its spread."""
_MAX_ROWS = 10_000
_SYNTHETIC_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ConversionProof:
    """What was compared: `rows` predictions, differing by at most `max_difference`.

    rows_from: the data file's name, or how the rows were made.
    """

    target: Path
    format: str
    rows: int
    rows_from: str
    max_difference: float


def convert_model(source: Path, target: Path, data: Path | None = None) -> ConversionProof:
    """Write a pickled scikit-learn model as skops or ONNX and compare the predictions of both.

    source: a joblib or pickle file of the caller's own: opening it runs its code. target: ends in
    .skops or .onnx; must not exist. data: CSV or Parquet rows to compare on; without it, numeric
    models are compared on random rows. Raises InputError where the model cannot be converted or
    predicts differently; then `target` does not exist.
    """
    suffix = target.suffix.lower()
    if suffix not in TOLERANCES:
        raise InputError(f"cannot write {target.name}: the target must end in .skops or .onnx")
    if target.exists():
        raise InputError(f"{target} exists already; choose another name or remove it")
    model = _load_pickle(source)
    frame, rows_from = _read_rows(model, data)
    partial = target.with_name(f".{target.stem}.partial{suffix}")
    try:
        _save(model, partial, frame)
        difference = _compute_difference(model, partial, frame)
        if not difference <= TOLERANCES[suffix]:
            raise InputError(
                f"{target.name} was not written: over {len(frame):,} rows its predictions differ "
                f"from {source.name} by up to {difference:.3g}, more than {TOLERANCES[suffix]:g}"
            )
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return ConversionProof(target, suffix[1:], len(frame), rows_from, difference)


def _load_pickle(source: Path) -> NativeModel:
    import joblib  # noqa: PLC0415

    if not source.is_file():
        siblings = [item.name for item in source.parent.glob("*")]
        raise InputError(f"no model file {str(source)!r}{near_misses(source.name, siblings)}")
    try:
        model = joblib.load(source)
    except ImportError as error:
        raise InputError(
            f"{source.name} needs the module {error.name!r}, which is not installed here; run the "
            "conversion where the model was trained"
        ) from error
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise InputError(
            f"{source.name} cannot be opened ({type(error).__name__}: {str(error)[:200]}); it is "
            "damaged, or made by other versions of its libraries"
        ) from error
    if not hasattr(model, "predict"):
        raise InputError(f"{source.name} holds a {type(model).__name__}, which predicts nothing")
    if type(model).__module__.split(".")[0] in ("xgboost", "lightgbm", "catboost"):
        raise InputError(
            f"{source.name} holds a {type(model).__name__}: no conversion is needed, save it with "
            "its own save_model (LightGBM: booster_.save_model) and give that file"
        )
    return model


def _read_rows(model: NativeModel, data: Path | None) -> tuple[pd.DataFrame, str]:
    names = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    if count is None:
        raise InputError(f"the {type(model).__name__} is not fitted; fit it, then save it again")
    features = [f"f{index}" for index in range(count)] if names is None else [*map(str, names)]
    if data is None:
        generator = np.random.default_rng(0)
        rows = generator.normal(scale=3.0, size=(_SYNTHETIC_ROWS, count))
        frame = pd.DataFrame(rows, columns=features)
        try:
            _predict(model, frame)
        except (ValueError, TypeError) as error:
            raise InputError(
                "this model takes more than plain numbers, so the proof needs real rows: add "
                "--data with a CSV or Parquet file of them"
            ) from error
        return frame, f"{_SYNTHETIC_ROWS:,} random rows"
    frame = _read_frame(data)
    if names is None and frame.shape[1] == count:
        frame.columns = pd.Index(features)
    return select_features(frame, features).head(_MAX_ROWS), data.name


def _read_frame(data: Path) -> pd.DataFrame:
    if not data.is_file():
        siblings = [item.name for item in data.parent.glob("*")]
        raise InputError(f"no data file {str(data)!r}{near_misses(data.name, siblings)}")
    try:
        if data.suffix.lower() == ".parquet":
            frame: pd.DataFrame = pa.parquet.read_table(data).to_pandas()
        else:
            options = pa.csv.ConvertOptions(strings_can_be_null=True, null_values=[""])
            frame = pa.csv.read_csv(data, convert_options=options).to_pandas()
    except pa.ArrowException as error:
        raise InputError(f"cannot read {data.name}: {str(error)[:300]}") from error
    if frame.empty:
        raise InputError(f"{data.name} has no rows; give some for the proof")
    return frame


def _save(model: NativeModel, target: Path, frame: pd.DataFrame) -> None:
    if target.suffix.lower() == ".onnx":
        save_onnx(model, target, frame)
        return
    skops_io = import_skops()
    try:
        skops_io.dump(model, target)
    except Exception as error:  # a model's own attributes may refuse to be written in any way
        raise InputError(
            f"skops cannot write this {type(model).__name__}: {str(error)[:300]}; try --to onnx"
        ) from error
    refused = find_refused_types(target)
    if refused:
        raise InputError(describe_refused("the converted model", refused))


def _compute_difference(model: NativeModel, target: Path, frame: pd.DataFrame) -> float:
    expected = _predict(model, frame)
    with open_model(target) as client:
        try:
            given = client.predict(frame)
        except AssayError as error:
            raise InputError(f"the converted model fails on these rows: {error}") from error
    if given.shape != expected.shape:
        raise InputError(
            f"the converted model answers {given.shape[1:]} scores a row, not {expected.shape[1:]}"
        )
    spread = float(expected.std()) if expected.ndim == 1 else 1.0
    return float(np.abs(given - expected).max()) / (spread or 1.0)


def _predict(model: NativeModel, frame: pd.DataFrame) -> FloatArray:
    rows = frame if hasattr(model, "feature_names_in_") else frame.to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(model, "predict_proba"):
            return np.asarray(model.predict_proba(rows), dtype=np.float64)
        return np.asarray(model.predict(rows), dtype=np.float64)
