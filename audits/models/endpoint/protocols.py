"""The ways in which an endpoint is asked: our own, Open Inference Protocol v2, MLflow's.

Each writes a batch of rows as the body of one POST, and reads the answer as one list of plain
values (numbers, texts, true and false, None) for each row. What the values mean is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audits.models.endpoint.rows import NotAnAnswerError, Row, take_list, transpose
from audits.models.endpoint.spec import EndpointSpec, Protocol
from audits.models.endpoint.tensors import read_tensors, write_tensors


@dataclass(frozen=True, slots=True)
class Wording:
    """How a batch is written and how its answer is read.

    write: the request's body for the values of the features' columns, each `[n]`, and the types
    that the server says it reads. read: the rows of a parsed answer.
    """

    write: Callable[[EndpointSpec, list[Row], Mapping[str, str]], dict[str, Any]]
    read: Callable[[EndpointSpec, object], list[Row]]


def _write_rows(
    spec: EndpointSpec, columns: list[Row], datatypes: Mapping[str, str]
) -> dict[str, Any]:
    asked = {"answer": "decisions"} if spec.meaning == "decision" else {}
    return {"columns": _names(spec), "rows": transpose(columns), **asked}


def _read_rows(spec: EndpointSpec, answer: object) -> list[Row]:
    if spec.meaning == "decision":
        return [[value] for value in take_list(answer, "decisions", '{"decisions": [...]}')]
    rows = take_list(answer, "scores", '{"scores": [[...], ...]}')
    return [row if isinstance(row, list) else [] for row in rows]


def _write_frame(
    spec: EndpointSpec, columns: list[Row], datatypes: Mapping[str, str]
) -> dict[str, Any]:
    return {"dataframe_split": {"columns": _names(spec), "data": transpose(columns)}}


def _read_predictions(spec: EndpointSpec, answer: object) -> list[Row]:
    form = '{"predictions": [...]}'
    if isinstance(answer, list):  # MLflow before 2.0
        answer = {"predictions": answer}
    predictions = take_list(answer, "predictions", form)
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
    "v2": Wording(write_tensors, read_tensors),
    "mlflow": Wording(_write_frame, _read_predictions),
}


def write_batch(
    spec: EndpointSpec, columns: list[Row], datatypes: Mapping[str, str] | None = None
) -> bytes:
    """Return the body that asks for the rows behind the features' values, each `[n]`.

    datatypes: see `read_datatypes`. Raises InputError where a value is not of them.
    """
    body = PROTOCOLS[spec.protocol].write(spec, columns, datatypes or {})
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
