"""The ways in which an endpoint is asked: our own, Open Inference Protocol v2, MLflow's.

Each writes a batch of rows as the body of one POST, and reads the answer as one list of plain
values (numbers, texts, true and false, None) for each row. What the values mean is not known here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from audits.models.endpoint_spec import EndpointSpec, Feature, Protocol

Row = list[Any]
_DATATYPES = {"number": "FP64", "boolean": "BOOL", "text": "BYTES"}


class NotAnAnswerError(Exception):
    """The endpoint's answer is not of its protocol; says what was expected, never what came."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a batch is written and how its answer is read.

    write: the request's body for the values of the features' columns, each `[n]`.
    read: the rows of a parsed answer.
    """

    write: Callable[[EndpointSpec, list[list[Any]]], dict[str, Any]]
    read: Callable[[EndpointSpec, object], list[Row]]


def _write_rows(spec: EndpointSpec, columns: list[list[Any]]) -> dict[str, Any]:
    asked = {"answer": "decisions"} if spec.meaning == "decision" else {}
    return {"columns": _names(spec), "rows": _transpose(columns), **asked}


def _read_rows(spec: EndpointSpec, answer: object) -> list[Row]:
    if spec.meaning == "decision":
        return [[value] for value in _take_list(answer, "decisions", '{"decisions": [...]}')]
    rows = _take_list(answer, "scores", '{"scores": [[...], ...]}')
    return [row if isinstance(row, list) else [] for row in rows]


def _write_tensors(spec: EndpointSpec, columns: list[list[Any]]) -> dict[str, Any]:
    n_rows = len(columns[0])
    if spec.input_name is not None:
        flat = [float(value) if value is not None else None for row in _transpose(columns)
                for value in row]  # fmt: skip
        shape = [n_rows, len(columns)]
        tensor = {"name": spec.input_name, "shape": shape, "datatype": "FP64", "data": flat}
        return {"inputs": [tensor]}
    tensors = [
        _write_tensor(feature, values)
        for feature, values in zip(spec.features, columns, strict=True)
    ]
    return {"parameters": {"content_type": "pd"}, "inputs": tensors}


def _write_tensor(feature: Feature, values: list[Any]) -> dict[str, Any]:
    tensor = {
        "name": feature.name,
        "shape": [len(values), 1],
        "datatype": _DATATYPES[feature.kind],
        "data": values,
    }
    return tensor | ({"parameters": {"content_type": "str"}} if feature.kind == "text" else {})


def _read_tensors(spec: EndpointSpec, answer: object) -> list[Row]:
    form = '{"outputs": [{"name": ..., "shape": ..., "data": [...]}]}'
    outputs = [item for item in _take_list(answer, "outputs", form) if isinstance(item, dict)]
    if spec.output_name is not None:
        outputs = [item for item in outputs if item.get("name") == spec.output_name]
    if len(outputs) != 1:
        raise NotAnAnswerError(
            f"{form} with one output, but {len(outputs)}; name the one that is meant: output_name"
            if spec.output_name is None
            else f"an output named {spec.output_name!r}; correct output_name"
        )
    shape, data = outputs[0].get("shape"), outputs[0].get("data")
    if not _is_shape(shape) or not isinstance(data, list):
        raise NotAnAnswerError(form)
    flat = _flatten(data)
    width = math.prod(shape[1:])
    if len(flat) != shape[0] * width:
        raise NotAnAnswerError(f"as many values as its shape says in {form}")
    return [flat[begin * width : (begin + 1) * width] for begin in range(shape[0])]


def _write_frame(spec: EndpointSpec, columns: list[list[Any]]) -> dict[str, Any]:
    return {"dataframe_split": {"columns": _names(spec), "data": _transpose(columns)}}


def _read_predictions(spec: EndpointSpec, answer: object) -> list[Row]:
    form = '{"predictions": [...]}'
    if isinstance(answer, list):  # MLflow before 2.0
        answer = {"predictions": answer}
    predictions = _take_list(answer, "predictions", form)
    return [_read_prediction(spec, value, form) for value in predictions]


def _read_prediction(spec: EndpointSpec, value: object, form: str) -> Row:
    if isinstance(value, dict):
        if spec.output_name is not None:
            if spec.output_name not in value:
                raise NotAnAnswerError(f"a column {spec.output_name!r}; correct output_name")
            value = value[spec.output_name]
        elif spec.meaning != "decision" and spec.classes and set(spec.classes) <= set(value):
            value = [value[name] for name in spec.classes]
        elif len(value) == 1:
            (value,) = value.values()
        else:
            raise NotAnAnswerError(
                f"{form} with one column or one for each class, but {len(value)} columns; name "
                "the one that is meant: output_name"
            )
    return value if isinstance(value, list) else [value]


PROTOCOLS: Mapping[Protocol, Wording] = {
    "assay": Wording(_write_rows, _read_rows),
    "v2": Wording(_write_tensors, _read_tensors),
    "mlflow": Wording(_write_frame, _read_predictions),
}


def write_batch(spec: EndpointSpec, columns: list[list[Any]]) -> bytes:
    """Return the body that asks for the rows behind the features' values, each `[n]`."""
    body = PROTOCOLS[spec.protocol].write(spec, columns)
    return json.dumps(body, allow_nan=False).encode()


def read_batch(spec: EndpointSpec, content: bytes) -> list[Row]:
    """Return one list of values for each row. Raises NotAnAnswerError."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise NotAnAnswerError("JSON") from None
    return PROTOCOLS[spec.protocol].read(spec, answer)


def _names(spec: EndpointSpec) -> list[str]:
    return [feature.name for feature in spec.features]


def _transpose(columns: Sequence[Sequence[Any]]) -> list[Row]:
    return [list(row) for row in zip(*columns, strict=True)]


def _take_list(answer: object, key: str, form: str) -> list[Any]:
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise NotAnAnswerError(form)
    return found


def _is_shape(value: object) -> TypeGuard[list[int]]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in value
        )
    )


def _flatten(data: list[Any]) -> list[Any]:
    """The values of a tensor that is flat or nested, row by row."""
    while data and all(isinstance(item, list) for item in data):
        data = [value for item in data for value in item]
    return data
