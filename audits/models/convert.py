"""Turns a person's own pickle into a file that opens without running code, and proves it equal.

Only `assay convert` calls this, with that person's consent: unlike everything else in this room
it unpickles, in the process of the person whose file it is.
"""

from __future__ import annotations

import tempfile
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
from audits.models.composite_file import TYPES, Part, save_composite
from audits.models.onnx_export import save_onnx
from audits.models.own_pickle import Opened, open_pickle
from audits.models.skops_file import describe_refused, find_refused_types
from audits.models.skops_types import ALLOWED
from audits.models.unwrap import unwrap
from audits.models.unwrapped_answers import answer, find_inputs
from audits.models.ways_in import offer_host

TOLERANCES = {".skops": 1e-9, ".onnx": 1e-5}
"""Largest difference of a probability, or of a target in units of its spread."""
_SINGLE = 1e-6
"""Boosters add in single precision, in an order that depends on how rows are batched."""
_MAX_ROWS = 10_000
_SYNTHETIC_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ConversionProof:
    """What was compared: `rows` predictions, differing by at most `max_difference`.

    rows_from: the data file's name, or how the rows were made. warning: what the owner should know
    of the versions that the original was saved with, "" for nothing.
    """

    target: Path
    format: str
    rows: int
    rows_from: str
    max_difference: float
    warning: str = ""


def convert_model(source: Path, target: Path, data: Path | None = None) -> ConversionProof:
    """Write a pickled model as skops or ONNX and compare the predictions of both.

    What prediction does not need is left out (searches, samplers, scorers); boosters go into the
    file in their own libraries' formats.
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
    opened = open_pickle(source)
    model = opened.model
    frame, rows_from = _read_rows(model, data)
    expected = _predict(opened, frame, source.name, is_made_up=data is None)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".assay-") as folder:
        written = Path(folder) / target.name
        allowed = save_model(model, written, frame, source.name)
        allowed = max(allowed, TOLERANCES[suffix])
        difference = _compute_difference(expected, written, frame)
        if not difference <= allowed:
            raise InputError(
                f"{target.name} was not written: over {len(frame):,} rows its predictions differ "
                f"from {source.name} by up to {difference:.3g}, more than {allowed:g}; "
                + offer_host(source.name, "joblib")
            )
        written.rename(target)
    return ConversionProof(target, suffix[1:], len(frame), rows_from, difference, opened.warning)


def _read_rows(model: NativeModel, data: Path | None) -> tuple[pd.DataFrame, str]:
    names, count = find_inputs(model)
    features = [f"f{index}" for index in range(count)] if names is None else names
    if data is None:
        generator = np.random.default_rng(0)
        rows = generator.normal(scale=3.0, size=(_SYNTHETIC_ROWS, count))
        return pd.DataFrame(rows, columns=features), f"{_SYNTHETIC_ROWS:,} random rows"
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


def save_model(model: NativeModel, target: Path, frame: pd.DataFrame, name: str) -> float:
    """Write a fitted model; return by how much single precision lets its answers differ.

    frame: shows which columns are texts, for ONNX. name: of the original, for messages.
    Raises InputError where the format cannot hold the model.
    """
    if target.suffix.lower() == ".onnx":
        save_onnx(unwrap(model, None), target, frame)
        return 0.0
    parts: list[Part] = []
    bare = unwrap(model, parts)
    try:
        save_composite(bare, parts, target)
    except Exception as error:  # a model's own attributes may refuse to be written in any way
        raise InputError(
            f"skops cannot write this {type(model).__name__} ({type(error).__name__}); write ONNX: "
            f"--output {Path(name).stem}.onnx; or {offer_host(name, 'joblib')}"
        ) from error
    if refused := find_refused_types(target, ALLOWED | TYPES):
        raise InputError(describe_refused(name, refused))
    return _SINGLE if parts else 0.0


def _compute_difference(expected: FloatArray, target: Path, frame: pd.DataFrame) -> float:
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


def _predict(opened: Opened, frame: pd.DataFrame, name: str, *, is_made_up: bool) -> FloatArray:
    """Return the original's answers. Raises InputError where it does not even answer itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return answer(opened.model, frame)
    except Exception as error:  # whatever its libraries raise
        raise InputError(_explain(error, opened, name, is_made_up)) from error


def _explain(error: Exception, opened: Opened, name: str, is_made_up: bool) -> str:
    kind, text = type(error).__name__, " ".join(str(error).split())[:200]
    if opened.warning:
        saved = opened.warning.split()[1]
        recipe = f"pip install 'scikit-learn=={saved}' in an environment of its own"
        return (
            f"{name} was not converted: {opened.warning}, and it does not run ({kind}); "
            f"{recipe}; {offer_host(name, 'joblib')}"
        )
    if is_made_up:
        return (
            f"{name} takes more than plain numbers, so the proof needs real rows: add --data with "
            "a file of them"
        )
    return (
        f"{name} was not converted: it cannot predict these rows itself ({kind}: {text}); give "
        "--data with the columns and types that it was trained on"
    )
