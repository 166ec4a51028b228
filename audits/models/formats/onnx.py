"""ONNX models: one tensor of all columns, or one input a column as skl2onnx writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError, InputError, one_of
from audits.models.adapters.adapter import (
    Encoded,
    Format,
    ModelInfo,
    NativeModel,
    Rule,
    Task,
    numbered_classes,
    numbered_features,
    with_complement,
)
from audits.models.adapters.columns import compute_matrix, compute_numbers, select_features, text_of
from audits.models.adapters.readout import ONE_NUMBER, read_kind, softmax
from audits.models.files.onnx_file import Header, read_header, read_names

_TYPES: Mapping[str, Any] = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}  # fmt: skip
_MAX_OUTPUT_BYTES = 1 << 30
_MAX_CLASSES = 10_000
_SUM_ERROR = 1e-3


class OnnxAdapter:
    """An onnxruntime session on the CPU."""

    def __init__(self, session: NativeModel, header: Header, name: str) -> None:
        self.estimator = session
        self._inputs = session.get_inputs()
        self._header = header
        for item in self._inputs:
            if item.type not in _TYPES:
                raise InputError(f"{name}: input {item.name!r} of type {item.type} is no column")
        self._features = self._read_features(name)
        self._output = _choose_output(session.get_outputs(), name)
        self._label = next(
            (str(o.name) for o in session.get_outputs() if o.name != self._output), None
        )
        self._name, self._declared = name, ""
        self.info = self._describe(name)

    def declare(self, output: str) -> None:
        """Read the numbers as the settings say. Raises InputError where they cannot be that."""
        width = self._find_width()
        if width > 1 and output in ("score", "value"):
            raise InputError(
                f"[model] output = {output!r} is of one number a row, and {self._name} answers "
                f'{width}; declare output = "probability" or "logit"',
                setting="model.output",
            )
        self._declared = output
        self.info = self._describe(self._name)

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """Return class probabilities `[n, k]`, or `[n]` values for regression."""
        chosen = select_features(frame, self._features)
        if chosen.empty:
            width = len(self.info.classes)
            return np.empty((0, width) if width else 0)
        scores = self._run(chosen)
        if self.info.task == "regression":
            return scores.reshape(len(chosen))
        if scores.shape[1] == 1:
            return with_complement(ONE_NUMBER[self._declared or "probability"](scores.reshape(-1)))
        return softmax(scores) if self._declared == "logit" else _keep_shares(scores)

    def decide(self, frame: pd.DataFrame) -> IntArray:
        """Return the places of the labels in the classes, `[n]`."""
        chosen = select_features(frame, self._features)
        if chosen.empty:
            return np.empty(0, dtype=np.int64)
        labels = np.asarray(self._answer(chosen, str(self._label))).reshape(-1).astype(str)
        places = {name: place for place, name in enumerate(self.info.classes)}
        if unknown := sorted(set(labels.tolist()) - set(places)):
            raise InputError(
                f"{self._name} answers the label {unknown[0]!r}, which is none of its classes "
                f"({one_of(places)}); declare [model] threshold"
            )
        return np.array([places[label] for label in labels], dtype=np.int64)

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the columns as they are, where all are numbers."""
        texts = [item.name for item in self._inputs if item.type == "tensor(string)"]
        if texts:
            raise CheckNotApplicableError(
                f"the ONNX model encodes the columns {one_of(texts)} inside its graph"
            )
        chosen = select_features(frame, self._features)
        matrix = compute_matrix(chosen, self._features, {})
        return Encoded(matrix, np.arange(len(self._features)))

    def _answer(self, chosen: pd.DataFrame, output: str) -> NativeModel:
        try:
            return self.estimator.run([output], self._feed(chosen))[0]
        except InputError:
            raise
        except Exception as error:  # onnxruntime raises classes that it does not export
            raise InputError(
                f"the ONNX model cannot read this data: {str(error).splitlines()[0][:300]}"
            ) from error

    def _run(self, chosen: pd.DataFrame) -> FloatArray:
        answer = self._answer(chosen, self._output)
        if isinstance(answer, list):  # ZipMap: one {class: probability} a row
            if answer and isinstance(answer[0], dict):
                answer = [[row[key] for key in answer[0]] for row in answer]
            answer = np.asarray(answer)
        if answer.nbytes > _MAX_OUTPUT_BYTES or answer.size % len(chosen):
            raise InputError(
                f"the ONNX model answered {answer.size:,} numbers for {len(chosen):,} rows; its "
                "output must be one row of scores for each row of data"
            )
        return np.asarray(answer, dtype=np.float64).reshape(len(chosen), -1)

    def _feed(self, chosen: pd.DataFrame) -> dict[str, np.ndarray]:
        if self._is_single:
            item = self._inputs[0]
            if item.type == "tensor(string)":
                columns = [self._column(chosen[name], item.type) for name in self._features]
                return {item.name: np.column_stack(columns)}
            matrix = compute_matrix(chosen, self._features, {})
            return {item.name: matrix.astype(_TYPES[item.type])}
        return {
            item.name: self._column(chosen[item.name], item.type).reshape(
                (-1,) if len(item.shape) == 1 else (-1, 1)
            )
            for item in self._inputs
        }

    def _column(self, column: pd.Series, kind: str) -> np.ndarray:
        if kind == "tensor(string)":
            texts = column.astype(object).map(text_of, na_action="ignore")
            return texts.where(column.notna(), self._header.missing_text).to_numpy(object)
        numbers = compute_numbers(column)
        if kind not in ("tensor(float)", "tensor(double)", "tensor(float16)") and (
            np.isnan(numbers).any()
        ):
            raise InputError(
                f"column {column.name!r} has missing values, but the ONNX model takes whole "
                "numbers there; fill them, or leave those rows out"
            )
        return numbers.astype(_TYPES[kind])

    @property
    def _is_single(self) -> bool:
        shape = self._inputs[0].shape
        return len(self._inputs) == 1 and len(shape) == 2 and shape[1] != 1

    def _read_features(self, name: str) -> tuple[str, ...]:
        declared = read_names(self._header.metadata, "assay.features", name)
        if not self._is_single:
            return tuple(item.name for item in self._inputs)
        width = self._inputs[0].shape[1]
        if declared is not None:
            if isinstance(width, int) and width != len(declared):
                raise InputError(
                    f"{name} takes {width} columns, but its metadata 'assay.features' names "
                    f"{len(declared)}"
                )
            return declared
        if not isinstance(width, int):
            raise InputError(
                f"{name} does not say how many columns it takes; name them in its metadata key "
                "'assay.features' as a JSON list"
            )
        return numbered_features(width)

    def _describe(self, name: str) -> ModelInfo:
        outputs = self.estimator.get_outputs()
        width = self._find_width()
        declared = read_names(self._header.metadata, "assay.classes", name)
        classes = declared or self._header.classes
        says = bool(classes) or self._header.made_by.get(self._output) == "Sigmoid"
        is_alone = len(outputs) == 1 and width == 1
        if self._declared == "value" or (is_alone and not says and not self._declared):
            return ModelInfo("onnx", "regression", (), self._features)
        count = max(width, 2)
        classes = classes or numbered_classes(count)
        if len(classes) != count or count > _MAX_CLASSES:
            raise InputError(f"{name} names {len(classes)} classes but answers {width} scores")
        task: Task = "binary" if count == 2 else "multiclass"
        rule: Rule = "none" if self._label is None else "own"
        kind = read_kind(self._declared)
        return ModelInfo("onnx", task, classes, self._features, output=kind, rule=rule)

    def _find_width(self) -> int:
        outputs = {item.name: item for item in self.estimator.get_outputs()}
        return self._width(outputs[self._output])

    def _width(self, output: NativeModel) -> int:
        """Scores a row: as declared, or else as one row of zeros and empty texts shows."""
        if output.type.startswith("tensor") and len(output.shape) == 1:
            return 1
        if len(output.shape) == 2 and isinstance(output.shape[1], int):
            return int(output.shape[1])
        inputs = self._inputs * len(self._features) if self._is_single else self._inputs
        probe = {
            feature: "" if item.type == "tensor(string)" else 0
            for feature, item in zip(self._features, inputs, strict=True)
        }
        return int(self._run(pd.DataFrame([probe])).shape[1])


def _keep_shares(scores: FloatArray) -> FloatArray:
    """Return the classes' probabilities; raises InputError where they are none."""
    outside = np.abs(scores - scores.clip(0, 1)).max(axis=1)
    wrong = np.flatnonzero((outside > 1e-6) | (np.abs(scores.sum(axis=1) - 1) > _SUM_ERROR))
    if wrong.size:
        shown = ", ".join(f"{number:.4g}" for number in scores[wrong[0], :4])
        raise InputError(
            f"the ONNX model answers {shown}{', ...' if scores.shape[1] > 4 else ''} for a row, "
            "which are no probabilities that sum to 1; if its numbers are log-odds, declare "
            '[model] output = "logit"',
            setting="model.output",
        )
    return scores


def _choose_output(outputs: list[NativeModel], name: str) -> str:
    """Return the output that holds the scores: the only one, or the one beside the labels."""
    scores = [item for item in outputs if item.type.startswith("seq(map")] or [
        item for item in outputs if item.type in ("tensor(float)", "tensor(double)")
    ]
    if len(outputs) > 2 or len(scores) != 1:
        raise InputError(
            f"{name} has the outputs {one_of(item.name for item in outputs)}; it must have one "
            "of scores, or a label and its probabilities"
        )
    return str(scores[0].name)


def load(path: Path, device: str) -> OnnxAdapter:
    """Open an ONNX file. Raises InputError where it is damaged or not self-contained."""
    header = read_header(path)
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises classes that it does not export
        raise InputError(
            f"the ONNX file {path.name} cannot be opened: {str(error).splitlines()[0][:300]}"
        ) from error
    return OnnxAdapter(session, header, path.name)


def _recognises(path: Path, head: bytes) -> bool:
    has_version = len(head) > 1 and head[0] == 0x08 and 0 < head[1] < 0x20
    return has_version and (path.suffix.lower() == ".onnx" or b"ai.onnx" in head or len(head) > 16)


FORMAT = Format("onnx", (".onnx",), _recognises, load)
