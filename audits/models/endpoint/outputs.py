"""What an endpoint's answers mean: the values of each row into the probabilities that are audited.

An endpoint may know less than probabilities. Decisions become certain ones (0 and 1), a score is
carried into [0, 1] in its order, with its own threshold at one half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.errors import InputError, ModelCrashError
from audits.models.adapters.adapter import with_complement
from audits.models.adapters.readout import rank, softmax
from audits.models.endpoint.spec import EndpointSpec, Output

_SLACK = 1e-3
"""How far rounded probabilities may be from what they must be."""


def compute_answers(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    """Return probabilities `[n, classes]`, or values `[n, 1]` for regression; null is NaN.

    Raises ModelCrashError where a row holds something else than the file says, InputError where
    numbers are none of what it says.
    """
    return _COMPUTE[spec.meaning](spec, rows)


def _compute_values(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    return _read_numbers(spec, rows, (1,))


def _compute_probabilities(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    numbers = _read_numbers(spec, rows, _widths(spec))
    known = numbers[np.isfinite(numbers).all(axis=1)]
    if known.size and (known.min() < -_SLACK or known.max() > 1 + _SLACK):
        raise InputError(
            f"the endpoint {spec.url} answers numbers outside 0 to 1, which are no probabilities; "
            'say what they are: "output": "logit" (log-odds) or "score" (only the order counts)'
        )
    if numbers.shape[1] == 1:
        return with_complement(numbers[:, 0])
    undeclared = spec.output is None
    if (
        undeclared
        and known.size
        and np.abs(known.sum(axis=1) - 1).max() > _SLACK * numbers.shape[1]
    ):
        raise InputError(
            f"the endpoint {spec.url} answers {numbers.shape[1]} numbers a row that do not add up "
            'to 1; say what they are: "output": "logit", or "probability" if they are meant so'
        )
    return numbers


def _compute_from_logits(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    logits = _read_numbers(spec, rows, _widths(spec))
    if logits.shape[1] == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    with np.errstate(invalid="ignore"):  # infinity less infinity: named by the caller
        return softmax(logits)


def _compute_from_scores(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    assert spec.threshold is not None
    above = _read_numbers(spec, rows, (1,))[:, 0] - spec.threshold
    return with_complement(rank(above))


def _compute_from_decisions(spec: EndpointSpec, rows: list[list[Any]]) -> FloatArray:
    places = {name: place for place, name in enumerate(spec.classes)}
    decided = np.zeros((len(rows), len(spec.classes)))
    for index, row in enumerate(rows):
        place = places.get(_as_class(row[0])) if len(row) == 1 else None
        if place is None:
            raise ModelCrashError(
                f"the endpoint {spec.url} answered something else than one of its classes for "
                f"row {index} of a batch"
            )
        decided[index, place] = 1.0
    return decided


_COMPUTE: Mapping[Output, Callable[[EndpointSpec, list[list[Any]]], FloatArray]] = {
    "value": _compute_values,
    "probability": _compute_probabilities,
    "logit": _compute_from_logits,
    "score": _compute_from_scores,
    "decision": _compute_from_decisions,
}


def _widths(spec: EndpointSpec) -> tuple[int, ...]:
    """One number for each class; of two classes the second one's alone will do."""
    return (2, 1) if spec.task == "binary" else (len(spec.classes),)


def _read_numbers(spec: EndpointSpec, rows: list[list[Any]], widths: tuple[int, ...]) -> FloatArray:
    if rows and any(isinstance(value, str) for value in rows[0]):
        raise InputError(
            f"the endpoint {spec.url} answers texts; if they are the model's decisions, say so: "
            '"output": "decision"; if it answers numbers too, name them: "output_name"'
        )
    width = len(rows[0]) if rows and len(rows[0]) in widths else widths[0]
    for place, row in enumerate(rows):
        if len(row) != width or not all(map(_is_number, row)):
            raise ModelCrashError(
                f"the endpoint {spec.url} answered something else than {width} "
                f"number{'s' if width > 1 else ''} for row {place} of a batch"
            )
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _is_number(value: object) -> bool:
    """Null and numbers; of the numbers only those that a float64 can hold."""
    if value is None or isinstance(value, float):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _as_class(value: object) -> str:
    """A class as a text: 1 and 1.0 are "1"."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]
