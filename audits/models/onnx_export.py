"""Writes a scikit-learn model as ONNX: one input a column, probabilities without a ZipMap."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from audits.core.errors import InputError
from audits.models.adapter import NativeModel


def save_onnx(model: NativeModel, target: Path, frame: pd.DataFrame) -> None:
    """Write the model; `frame` shows which columns are texts. Raises InputError where it cannot."""
    try:
        from skl2onnx import to_onnx  # noqa: PLC0415
        from skl2onnx.common.data_types import (  # noqa: PLC0415
            DoubleTensorType,
            StringTensorType,
        )
    except ImportError as error:
        raise InputError(
            f"writing ONNX needs {error.name}; pip install skl2onnx, or write skops: "
            "--output MODEL.skops"
        ) from error
    if hasattr(model, "feature_names_in_"):
        inputs = [
            (str(name), DoubleTensorType([None, 1]) if is_number else StringTensorType([None, 1]))
            for name, is_number in (
                (name, pd.api.types.is_numeric_dtype(frame[name])) for name in frame.columns
            )
        ]
    else:
        inputs = [("X", DoubleTensorType([None, frame.shape[1]]))]
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    try:
        document = to_onnx(model, initial_types=inputs, options=options)
    except Exception as error:  # each converter raises its own
        raise InputError(
            f"skl2onnx cannot write this {type(model).__name__}: {str(error)[:300]}; write skops: "
            "--output MODEL.skops"
        ) from error
    add_metadata(document, "assay.features", list(frame.columns))
    if hasattr(model, "classes_"):
        add_metadata(document, "assay.classes", [str(item) for item in model.classes_])
    target.write_bytes(document.SerializeToString())


def add_metadata(document: NativeModel, key: str, value: list[str]) -> None:
    """Add a JSON list of texts to an ONNX document."""
    entry = document.metadata_props.add()
    entry.key, entry.value = key, json.dumps(value)
