"""Turns a person's own file into one that opens without running code, and proves it equal.

Only `assay convert` calls this, with that person's consent: unlike everything else in this room
it unpickles, in the process of the person whose file it is.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from audits.core.arrays import FloatArray
from audits.core.errors import AssayError, InputError, near_misses
from audits.models.adapters.adapter import NativeModel
from audits.models.adapters.columns import select_features
from audits.models.composite.file import TYPES, Part, save_composite
from audits.models.conversion.keras_file import (
    SUFFIXES as KERAS_SUFFIXES,
    answer_rows,
    answer_written,
    name_columns,
    open_network,
    save_network,
)
from audits.models.conversion.onnx_export import save_onnx
from audits.models.conversion.own_pickle import Opened, open_pickle
from audits.models.conversion.unwrap import unwrap
from audits.models.conversion.unwrapped_answers import answer, find_inputs
from audits.models.files.skops_file import describe_refused, find_refused_types
from audits.models.files.skops_types import ALLOWED
from audits.models.files.ways_in import offer_host
from audits.models.worker.client import open_model

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
    of the versions that the original was saved with, "" for nothing. taken: the columns that the
    inputs were taken for, in their order, where the original does not name them.
    """

    target: Path
    format: str
    rows: int
    rows_from: str
    max_difference: float
    warning: str = ""
    taken: tuple[str, ...] = ()


def convert_model(source: Path, target: Path, data: Path | None = None) -> ConversionProof:
    """Write a pickled model as skops or ONNX and compare the predictions of both.

    What prediction does not need is left out (searches, samplers, scorers); boosters go into the
    file in their own libraries' formats.
    source: a joblib or pickle file of the caller's own (opening it runs its code), or a Keras file
    (.keras, .h5), of which no code is run. target: ends in .skops or .onnx; must not exist. data:
    CSV or Parquet rows to compare on; without it, numeric models are compared on random rows.
    Raises InputError where the model cannot be converted or predicts differently; then `target`
    does not exist.
    """
    suffix = target.suffix.lower()
    if suffix not in TOLERANCES:
        raise InputError(f"cannot write {target.name}: the target must end in .skops or .onnx")
    if target.exists():
        raise InputError(f"{target} exists already; choose another name or remove it")
    if source.suffix.lower() in KERAS_SUFFIXES:
        return _convert_network(source, target, data)
    opened = open_pickle(source)
    model = opened.model
    frame, rows_from = _read_rows(model, data)
    expected = _predict(opened, frame, source.name, is_made_up=data is None)
    with _proven(target) as written:
        allowed = save_model(model, written, frame, source.name)
        difference = _compute_difference(expected, _answer(written, frame))
        _check_difference(difference, max(allowed, TOLERANCES[suffix]), source, target, len(frame))
    return ConversionProof(target, suffix[1:], len(frame), rows_from, difference, opened.warning)


def _convert_network(source: Path, target: Path, data: Path | None) -> ConversionProof:
    if target.suffix.lower() != ".onnx":
        raise InputError(f"cannot write {target.name}: a Keras network is written as .onnx")
    network = open_network(source)
    given = None if data is None else _read_frame(data)
    names = name_columns(network, given, source.name)
    if given is None:
        frame, rows_from = _make_rows(names)
    else:
        frame, rows_from = select_features(given, names).head(_MAX_ROWS), str(data and data.name)
    expected = answer_rows(network, frame)
    with _proven(target) as written:
        save_network(network, written, frame, source.name)
        difference = _compute_difference(expected, answer_written(written, frame))
        _check_difference(difference, TOLERANCES[".onnx"], source, target, len(frame))
    taken = tuple(names) if given is not None and len(network.inputs) == 1 else ()
    return ConversionProof(target, "onnx", len(frame), rows_from, difference, taken=taken)


@contextmanager
def _proven(target: Path) -> Iterator[Path]:
    """Yield where to write a file that becomes `target` once all that is done with it went well."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".assay-") as folder:
        written = Path(folder) / target.name
        yield written
        written.rename(target)


def _check_difference(
    difference: float, allowed: float, source: Path, target: Path, rows: int
) -> None:
    if not difference <= allowed:
        kind = "keras" if source.suffix.lower() in KERAS_SUFFIXES else "joblib"
        raise InputError(
            f"{target.name} was not written: over {rows:,} rows its predictions differ "
            f"from {source.name} by up to {difference:.3g}, more than {allowed:g}; "
            + offer_host(source.name, kind)
        )


def _make_rows(names: list[str]) -> tuple[pd.DataFrame, str]:
    generator = np.random.default_rng(0)
    rows = generator.normal(scale=3.0, size=(_SYNTHETIC_ROWS, len(names)))
    return pd.DataFrame(rows, columns=names), f"{_SYNTHETIC_ROWS:,} random rows"


def _read_rows(model: NativeModel, data: Path | None) -> tuple[pd.DataFrame, str]:
    names, count = find_inputs(model)
    features = [f"f{index}" for index in range(count)] if names is None else names
    if data is None:
        return _make_rows(features)
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


def _answer(written: Path, frame: pd.DataFrame) -> FloatArray:
    with open_model(written) as client:
        try:
            return client.predict(frame)
        except AssayError as error:
            raise InputError(f"the converted model fails on these rows: {error}") from error


def _compute_difference(expected: FloatArray, given: FloatArray) -> float:
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
