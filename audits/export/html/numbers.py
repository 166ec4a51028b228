"""The report's numbers by group, as the file keeps them and checks itself against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audits.core.format import format_interval, format_value, plain_text
from audits.core.limits import ALPHA
from audits.core.report.measurement import Measurement, Unit
from audits.core.words.words import describe
from audits.cube import DISPARITIES, METRICS, RATES, Metric
from audits.export.html.reading import Reading
from audits.findings import render_point

COMPOSED = ("balanced_accuracy", "f1", "treatment_equality")
"""Numbers that the file computes from rates; all others but rates it only holds."""

Stored = tuple[float, float, float, int]
"""value, low, high, n; or in its place the reason why there is none."""


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """A metric in the file. rate: the cells (tn, fp, fn, tp, un, up) that count as hits and as
    rows, where it is a rate. live: whether the file computes it from counts, at any threshold.
    scored: whether it is of scores, so that no threshold changes it."""

    name: str
    title: str
    meaning: str
    source: str
    undefined: str
    unit: Unit
    compare: tuple[str, ...]
    rate: tuple[tuple[int, ...], tuple[int, ...]] | None
    live: bool
    scored: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A well-known summary over all groups: its rates, and what the report has for it."""

    name: str
    title: str
    meaning: str
    kind: str
    rates: tuple[str, ...]
    value: str
    detail: str
    between: tuple[str, str]
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """What the file's own numbers of a metric must come to: a sum over how they are written, and
    how many numbers that are."""

    total: int
    numbers: int


def list_metrics(reading: Reading, attributes: Sequence[str | None]) -> tuple[MetricFacts, ...]:
    """Return the metrics that the report has for the whole or for any of the attributes."""
    task = reading.report.subject.task
    return tuple(
        _describe(metric, live=task == "binary")
        for metric in METRICS[task]
        if any(reading.by_group(metric.name, attribute) for attribute in attributes)
    )


def _describe(metric: Metric, *, live: bool) -> MetricFacts:
    rate, word = RATES.get(metric.name) if live else None, describe(metric.name)
    return MetricFacts(
        name=metric.name,
        title=word.title,
        meaning=word.meaning,
        source=metric.source,
        undefined=metric.undefined,
        unit=metric.unit,
        compare=metric.compare,
        rate=None
        if rate is None
        else (tuple(map(int, rate.hits.ravel())), tuple(map(int, rate.rows.ravel()))),
        live=live and (rate is not None or metric.name in COMPOSED),
        scored="y_score" in metric.needs,
    )


def index_groups(items: Sequence[Measurement]) -> dict[str, Measurement]:
    """Return measurements by their group; "" for the whole."""
    return {item.group or "": item for item in items if item.part is None}


def store_numbers(
    found: Mapping[str, Measurement], labels: Sequence[str | None]
) -> tuple[Stored | str | None, ...]:
    """Return a metric's numbers in the order of `labels`, None where the label is None."""
    return tuple(
        None if label is None or label not in found else _store(found[label]) for label in labels
    )


def _store(item: Measurement) -> Stored | str:
    if item.estimate is None:
        return plain_text(item.unavailable.reason if item.unavailable else "")
    low, value, high = (
        float(f"{x:.12g}") for x in (item.estimate.low, item.estimate.value, item.estimate.high)
    )
    return value, low, high, item.estimate.n


def store_tests(
    found: Mapping[str, Measurement], labels: Sequence[str | None]
) -> tuple[float | None, ...]:
    """Return the p-values of differences, to the digits that are shown; 0 is under 0.0005."""
    p_values = [None if x is None or x not in found else found[x].p_value for x in labels]
    return tuple(None if p is None else _round_p(p) for p in p_values)


def _round_p(p_value: float) -> float:
    if p_value < 0.0005:
        return 0.0
    # Rounding must not make a difference that was found one that was not.
    return min(round(p_value, 3), 0.0499) if p_value < ALPHA else round(p_value, 3)


def list_gaps(reading: Reading, attribute: str) -> tuple[Gap, ...]:
    """Return the well-known summaries of an attribute, silent where a small group makes one."""
    gaps = []
    for summary in DISPARITIES:
        for item in reading.by_group(summary.name, attribute):
            small = reading.is_small(item)
            result, word = item.estimate or item.unavailable, describe(summary.name)
            assert result is not None
            gaps.append(
                Gap(
                    name=summary.name,
                    title=word.title,
                    meaning=word.meaning,
                    kind=summary.kind,
                    rates=summary.rates,
                    value="" if small else render_point(result, item.unit),
                    detail=""
                    if small or item.estimate is None
                    else format_interval(item.estimate, item.unit),
                    between=(plain_text(item.group or ""), plain_text(item.reference_group or "")),
                    p_value=None if small or item.p_value is None else round(item.p_value, 4),
                )
            )
    return tuple(gaps)


def check_numbers(items: Sequence[Measurement | None]) -> Check:
    """Return the sum over how numbers are written, and their number.

    The same sum is made in the browser of what it computed (FNV-1a, 32 bits, over the texts'
    code points): a proof against slips, not against forgers.
    """
    total, numbers = 0x811C9DC5, 0
    for item in items:
        for letter in _write(item):
            total = ((total ^ ord(letter)) * 0x01000193) & 0xFFFFFFFF
        numbers += item is not None and item.estimate is not None
    return Check(total, numbers)


def _write(item: Measurement | None) -> str:
    if item is None or item.estimate is None:
        return "x;"
    ends = (item.estimate.value, item.estimate.low, item.estimate.high)
    return "|".join([*(format_value(x, item.unit) for x in ends), str(item.estimate.n)]) + ";"
