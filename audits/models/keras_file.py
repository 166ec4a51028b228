"""Turns a person's own Keras file into ONNX, and proves the two equal.

Only `assay convert` calls this, with that person's consent. Keras reads the file with PyTorch
behind it, whichever library trained it, and refuses the code that a file may carry.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from audits.core.errors import InputError, near_misses
from audits.models.adapter import FloatArray, NativeModel
from audits.models.columns import compute_matrix
from audits.models.onnx_export import add_metadata
from audits.models.ways_in import offer_host

SUFFIXES = (".keras", ".h5", ".hdf5")


def open_network(source: Path) -> NativeModel:
    """Return the Keras model of a file. Raises InputError where it cannot be read without running
    code of its author's."""
    if not source.is_file():
        siblings = [item.name for item in source.parent.glob("*")]
        raise InputError(f"no model file {str(source)!r}{near_misses(source.name, siblings)}")
    use_torch()
    import keras  # noqa: PLC0415
    import onnx  # noqa: F401, PLC0415

    try:
        with _quietly():
            return keras.saving.load_model(source, compile=False, safe_mode=True)
    except Exception as error:  # any layer may raise what it likes
        text = " ".join(str(error).split())[:160]
        raise InputError(
            f"{source.name} does not open without code of its own ({type(error).__name__}: {text});"
            f" {offer_host(source.name, 'keras')}"
        ) from error


def use_torch() -> None:
    """Let Keras run on PyTorch, which writes ONNX by itself; before it is imported."""
    os.environ["KERAS_BACKEND"] = "torch"


def name_columns(network: NativeModel, frame: pd.DataFrame | None, name: str) -> list[str]:
    """Return the columns that a network takes, in its order; `frame` has what the file lacks.

    Raises InputError where its inputs are no columns, or `frame` does not say which are meant.
    """
    shapes = [tuple(item.shape) for item in network.inputs]
    if len(shapes) > 1 and all(shape[1:] in {(), (1,)} for shape in shapes):
        return [str(item.name) for item in network.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] is None:
        raise InputError(
            f"{name} takes inputs of the shapes {shapes}; only networks that take one column an "
            f"input, or all columns in one, are converted; {offer_host(name, 'keras')}"
        )
    width = int(shapes[0][1])
    if frame is None:
        return [f"f{index}" for index in range(width)]
    if frame.shape[1] != width:
        raise InputError(
            f"{name} takes {width} columns and its file does not say which, and the data has "
            f"{frame.shape[1]}; give --data with those {width} alone, in the network's order"
        )
    return [str(column) for column in frame.columns]


def answer_rows(network: NativeModel, frame: pd.DataFrame) -> FloatArray:
    """Return what the network itself answers, `[n, outputs]`."""
    with _quietly():
        return np.asarray(network.predict(_feed(network, frame), verbose=0), dtype=np.float64)


def save_network(network: NativeModel, target: Path, frame: pd.DataFrame, name: str) -> None:
    """Write the network as ONNX with the names of its columns. Raises InputError where a layer of
    it cannot be written."""
    import onnx  # noqa: PLC0415

    try:
        with _quietly():
            network(_feed(network, frame.head(2)))  # Keras exports only what has been called
            network.export(target, format="onnx", verbose=False)
    except Exception as error:  # each layer's own
        text = " ".join(str(error).split())[:160]
        raise InputError(
            f"{name} cannot be written as ONNX ({type(error).__name__}: {text}); "
            + offer_host(name, "keras")
        ) from error
    document = onnx.load(target)
    add_metadata(document, "assay.features", list(frame.columns))
    target.write_bytes(document.SerializeToString())


def answer_written(target: Path, frame: pd.DataFrame) -> FloatArray:
    """Return what the written file answers, as `answer_rows`."""
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    fed = (
        {inputs[0].name: _read_matrix(frame)}
        if len(inputs) == 1
        else {item.name: _read_matrix(frame[[item.name]]) for item in inputs}
    )
    return np.asarray(session.run(None, fed)[0], dtype=np.float64)


def _feed(network: NativeModel, frame: pd.DataFrame) -> NativeModel:
    if len(network.inputs) == 1:
        return _read_matrix(frame)
    return [_read_matrix(frame[[str(item.name)]]) for item in network.inputs]


def _read_matrix(frame: pd.DataFrame) -> NativeModel:
    return compute_matrix(frame, tuple(frame.columns), {}).astype(np.float32)


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
