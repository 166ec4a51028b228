"""Open Inference Protocol v2: columns as named tensors, and what a server says of its own.

https://github.com/kserve/open-inference-protocol, "Inference Protocol / HTTP/REST".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from audits.core.errors import InputError
from audits.models.endpoint.rows import NotAnAnswerError, Row, take_list, transpose
from audits.models.endpoint.spec import EndpointSpec

_DEFAULTS = {"number": "FP64", "boolean": "BOOL", "text": "BYTES"}
_KNOWN = re.compile(r"BOOL|BYTES|FP16|FP32|FP64|U?INT(8|16|32|64)")
_CASTS: Mapping[str, Callable[[Any], Any]] = {"BOOL": bool, "BYTES": str, "FP": float, "INT": int}


def metadata_path(path: str) -> str:
    """Return where a server describes the model that it answers for at `path`."""
    return path.removesuffix("/infer")


def read_datatypes(spec: EndpointSpec, content: bytes | None) -> dict[str, str]:
    """Return the types that a server's description gives its inputs, `{}` where it gives none.

    Raises InputError where it names its inputs and lacks one that would be sent.
    """
    try:
        inputs = json.loads(content or b"")["inputs"]
        found = {str(item["name"]): str(item["datatype"]) for item in inputs}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    sent = [spec.input_name] if spec.input_name else [item.name for item in spec.features]
    for name in sent if found else ():
        if name not in found:
            raise InputError(
                f"the model at {spec.url} has no input {name!r}; name its columns under features, "
                "or its one matrix as input_name"
            )
        if not _KNOWN.fullmatch(found[name]):
            raise InputError(f"the model at {spec.url} reads {name!r} as neither number nor text")
    return found


def write_tensors(
    spec: EndpointSpec, columns: list[Row], datatypes: Mapping[str, str]
) -> dict[str, Any]:
    """Return the request: one tensor a column, or one matrix of them all where it has a name.

    Raises InputError where a value is not of the server's type.
    """
    if spec.input_name is None:
        parts = [
            _write_tensor(item.name, datatypes.get(item.name, _DEFAULTS[item.kind]), values, 1)
            for item, values in zip(spec.features, columns, strict=True)
        ]
        body: dict[str, Any] = {"parameters": {"content_type": "pd"}, "inputs": parts}
    else:
        name = spec.input_name
        flat = [value for row in transpose(columns) for value in row]
        body = {"inputs": [_write_tensor(name, datatypes.get(name, "FP64"), flat, len(columns))]}
    return body | ({"outputs": [{"name": spec.output_name}]} if spec.output_name else {})


def _write_tensor(name: str, datatype: str, values: Row, width: int) -> dict[str, Any]:
    sent = [None if value is None else _cast(name, datatype, value) for value in values]
    tensor = {"name": name, "shape": [len(values) // width, width], "datatype": datatype,
              "data": sent}  # fmt: skip
    return tensor | ({"parameters": {"content_type": "str"}} if datatype == "BYTES" else {})


def _cast(name: str, datatype: str, value: object) -> object:
    try:
        kept = _CASTS[datatype.lstrip("U").rstrip("1234568")](value)
    except ValueError:
        kept = None
    if kept != value:
        raise InputError(
            f"{name!r} holds {str(value)!r}, but the model's server reads {datatype}; correct its "
            "kind under features, or the data"
        )
    return kept


def read_tensors(spec: EndpointSpec, answer: object) -> list[Row]:
    """Return the rows of the output that is meant. Raises NotAnAnswerError."""
    form = '{"outputs": [{"name": ..., "shape": ..., "data": [...]}]}'
    outputs = [item for item in take_list(answer, "outputs", form) if isinstance(item, dict)]
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
