"""References to measurements and fields of a report, as cards show them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from audits.core.format import (
    format_count,
    format_interval,
    format_precise,
    format_range,
    format_reason,
    format_test,
    format_value,
    plain_text,
)
from audits.core.report.estimate import EXACT
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport
from model_cards.card import Entry, Fact, Form, Number


def make_number(measurement: Measurement, form: Form = Form.INTERVAL) -> Number:
    """Return the reference that shows a measurement in the given form."""
    if measurement.unavailable is not None:
        return Number(measurement.id, form, format_reason(measurement.unavailable))
    estimate = measurement.estimate
    if estimate is None:  # the type has exactly one of the two
        raise ValueError(f"measurement {measurement.id!r} has neither estimate nor reason")
    exact = estimate.method == EXACT
    unit = measurement.unit
    precise = form is Form.PRECISE
    value = estimate.value
    return Number(
        measurement_id=measurement.id,
        form=form,
        text=format_precise(value) if precise else format_value(value, unit),
        detail=_describe_uncertainty(measurement, form),
        value=value,
        low=None if exact else estimate.low,
        high=None if exact else estimate.high,
    )


def _describe_uncertainty(measurement: Measurement, form: Form) -> str:
    estimate = measurement.estimate
    if estimate is None or form is Form.VALUE:
        return ""
    exact = estimate.method == EXACT
    parts: list[str] = []
    if form is Form.FULL:
        whole = "" if measurement.unit == "count" else f"n = {format_count(estimate.n)}"
        parts = [format_interval(estimate, measurement.unit), whole]
        return _parenthesise(parts, ", ")
    if form is Form.PRECISE:
        low, high = format_precise(estimate.low), format_precise(estimate.high)
        return _parenthesise(["" if exact else f"{low} to {high}"], "")
    parts.append("" if exact else format_range(estimate.low, estimate.high, measurement.unit))
    if form is Form.TEST and measurement.p_value is not None:
        parts.append(format_test(measurement.p_value, measurement.adjusted_for))
    return _parenthesise(parts, "; ")


def _parenthesise(parts: list[str], glue: str) -> str:
    text = glue.join(part for part in parts if part)
    return f"({text})" if text else ""


def adjust_tests(items: Iterable[Measurement]) -> dict[str, Measurement]:
    """Return tested measurements by id with p-values adjusted by Holm over those of the same
    metric, attribute and slice: who looks down a column of a table looks for the smallest. Those
    that their check has adjusted already are left out."""
    families: dict[tuple[str | None, ...], list[tuple[float, Measurement]]] = {}
    for item in items:
        if item.p_value is not None and item.adjusted_for is None:
            key = (item.check, item.metric, item.attribute, item.part_text)
            families.setdefault(key, []).append((item.p_value, item))
    adjusted: dict[str, Measurement] = {}
    for family in families.values():
        highest = 0.0
        ordered = sorted(family, key=lambda one: (one[0], one[1].id))
        for place, (p_value, item) in enumerate(ordered):
            highest = max(highest, min(1.0, p_value * (len(ordered) - place)))
            told = {"p_value": highest, "adjusted_for": len(family)}
            adjusted[item.id] = item.model_copy(update=told)
    return adjusted


def make_entry(measurement: Measurement) -> Entry:
    """Return a measurement's line in the register."""
    estimate = measurement.estimate
    p_value = measurement.p_value
    level = "" if estimate is None else f"{estimate.confidence * 100:.3g}%"
    method = "" if estimate is None else plain_text(estimate.method)
    return Entry(
        number=make_number(measurement, Form.PRECISE),
        rows="" if estimate is None else format_count(estimate.n),
        method=method if method in ("", EXACT) else f"{method}, {level}",
        p_value=""
        if p_value is None
        else format_test(p_value, measurement.adjusted_for).removeprefix("p = ").removeprefix("p "),
        evidence=measurement.evidence,
    )


def make_fact(report: AuditReport, path: str, code: bool = False) -> Fact:
    """Return a field of the report by its dotted path, e.g. `subject.data.rows`.

    `code` shows it as stored, for digests and seeds that people copy. Raises
    KeyError where the report has no such field.
    """
    value = find_field(report, path)
    return Fact(path, plain_text(str(value)) if code else format_field(value), code)


def find_field(report: AuditReport, path: str) -> object:
    """Return the value at a dotted path. Raises KeyError where there is none."""
    value: Any = report
    for name in path.split("."):
        if isinstance(value, dict):
            value = value[name]
        elif name in getattr(type(value), "model_fields", {}):
            value = getattr(value, name)
        else:
            raise KeyError(path)
    return value


def format_field(value: object) -> str:
    """Return a field as words: whole numbers with separators, lists with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format_count(value)
    if isinstance(value, float):
        return format_precise(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(format_field(item) for item in value)
    return plain_text(str(value))


def compute_report_sha256(report: AuditReport) -> str:
    """Return the digest of the report's canonical text, which is that of its report.json."""
    return hashlib.sha256(report.to_json().encode()).hexdigest()
