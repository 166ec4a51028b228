"""What the offline report holds: sentences, group sizes and the coarsened cube. No row, no name
of a person, no score of fewer than `least` people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from audits.core.format import plain_text
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.core.report.report import AuditReport
from audits.cube import CONFIDENCE, Cube, View, compute_view, normal_quantile
from audits.export.html.counts import Group, count_groups
from audits.export.html.numbers import (
    Check,
    Gap,
    MetricFacts,
    Stored,
    check_numbers,
    index_groups,
    list_gaps,
    list_metrics,
    store_numbers,
    store_tests,
)
from audits.export.html.pooling import PooledScores, pool_scores
from audits.export.html.reading import Reading, list_groupings
from audits.export.html.story import Story, build_story
from audits.findings import get_min_rows

SCHEMA = "assay.offline/1"
MAX_GROUPS = 1000
"""Of a grouping with more, the largest are kept."""
MAX_LETTERS = 4_000_000
"""Of all groupings together; the file stays under 5 MB. Later ones (pairs) are left out."""
MAX_CLASSES = 20
"""More classes make no matrix that can be read, and no small file."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of one attribute, or of two; or the whole, whose name is "".

    Groups are in falling order of rows; `stored`, `tests` and `reference` refer to their
    positions. cut: how many further groups there are. checks: by live metric that the report
    has.
    """

    name: str
    title: str
    reference: int | None
    groups: tuple[Group, ...]
    cut: int
    stored: Mapping[str, tuple[Stored | str | None, ...]]
    tests: Mapping[str, tuple[float | None, ...]]
    gaps: tuple[Gap, ...]
    checks: Mapping[str, Check]


@dataclass(frozen=True, slots=True)
class Payload:
    """The file's content. min_rows: groups with fewer rows that count are in no largest gap.
    edges: thresholds that can be tried, empty where there are none; audited: the position of the
    audited one among them, None where decisions were given."""

    schema: str
    title: str
    task: str
    classes: tuple[str, ...]
    report_sha256: str
    least: int
    min_rows: int
    confidence: float
    normal_quantile: float
    threshold: float | None
    edges: tuple[float, ...]
    audited: int | None
    weighted: bool
    metrics: tuple[MetricFacts, ...]
    main_metric: str
    whole: Grouping
    groupings: tuple[Grouping, ...]
    left_out: tuple[str, ...]
    story: Story


def build_payload(report: AuditReport, cube: Cube, *, least: int = MIN_ROWS_TO_SHOW) -> Payload:
    """Return what the offline report of a run holds.

    least: groups of fewer rows have no numbers, and no score is that of fewer people. Pure: the
    same report and cube give the same payload.
    """
    views = {
        name: compute_view(cube, columns)
        for name, columns in list_groupings(report)
        if all(column in cube.attributes for column in columns)
    }
    reading = Reading(report, _count_rows(views), least)
    pooled = None
    if cube.task == "binary":
        pooled = pool_scores(cube, report.subject.data.protected, least)
    metrics = list_metrics(reading, [None, *views])
    whole = _build_grouping(reading, compute_view(cube), pooled, metrics, curves=True)
    groupings, left_out = _build_groupings(reading, views, pooled, metrics)
    known = cube.threshold is not None and not np.isnan(cube.threshold)
    main = {"binary": "selection_rate", "multiclass": "accuracy"}
    return Payload(
        schema=SCHEMA,
        title=plain_text(report.subject.name),
        task=report.subject.task,
        classes=tuple(plain_text(name) for name in cube.classes),
        report_sha256=hashlib.sha256(report.to_json().encode()).hexdigest(),
        least=least,
        min_rows=get_min_rows(report),
        confidence=CONFIDENCE,
        normal_quantile=normal_quantile(),
        threshold=cube.threshold if known else None,
        edges=() if pooled is None else tuple(pooled.edges.tolist()),
        audited=None if pooled is None else pooled.audited,
        weighted=cube.weighted,
        metrics=metrics,
        main_metric=main.get(report.subject.task, "mean_absolute_error"),
        whole=whole,
        groupings=groupings,
        left_out=left_out,
        story=build_story(reading),
    )


def _count_rows(views: Mapping[str, View]) -> dict[tuple[str | None, str], int]:
    return {
        (name, label): int(rows)
        for name, view in views.items()
        for label, rows in zip(view.labels, view.rows, strict=True)
    }


def _build_groupings(
    reading: Reading,
    views: Mapping[str, View],
    pooled: PooledScores | None,
    metrics: tuple[MetricFacts, ...],
) -> tuple[tuple[Grouping, ...], tuple[str, ...]]:
    """Return the groupings that fit into the file, and the names of those that do not."""
    single = set(reading.report.subject.data.protected)
    kept, left_out, letters = [], [], 0
    for name, view in views.items():
        one = _build_grouping(reading, view, pooled, metrics, curves=name in single)
        more = len(json.dumps(asdict(one), separators=(",", ":")))
        if letters + more > MAX_LETTERS:
            left_out.append(plain_text(name))
        else:
            kept.append(one)
            letters += more
    return tuple(kept), tuple(left_out)


def _build_grouping(
    reading: Reading,
    view: View,
    pooled: PooledScores | None,
    metrics: tuple[MetricFacts, ...],
    *,
    curves: bool,
) -> Grouping:
    attribute, least = view.attribute, reading.least
    order = np.argsort(-view.rows, kind="stable")[:MAX_GROUPS].tolist()
    labels = [None if view.rows[g] < least else view.labels[g] for g in order]
    wanted = None if attribute is None else reading.find_reference(attribute)
    found = {m.name: index_groups(reading.by_group(m.name, attribute)) for m in metrics}
    apart = {
        (m.name, kind): index_groups(reading.by_group(f"{m.name}_{kind}", attribute))
        for m in metrics
        for kind in m.compare
    }
    counted = view.cube.task != "multiclass" or len(view.cube.classes) <= MAX_CLASSES
    return Grouping(
        name=plain_text(attribute or ""),
        title=plain_text(attribute or ""),
        reference=labels.index(wanted) if wanted in labels else None,
        groups=count_groups(view, pooled, least, order, curves=curves, decisions=counted),
        cut=len(view.labels) - len(order),
        stored={
            m.name: store_numbers(found[m.name], labels)
            for m in metrics
            if found[m.name] and not m.live
        },
        tests={
            m.name: store_tests(apart[m.name, "difference"], labels)
            for m in metrics
            if apart.get((m.name, "difference"))
        },
        gaps=() if attribute is None else list_gaps(reading, attribute),
        checks={
            m.name: check_numbers(
                [
                    *(found[m.name].get(x) for x in labels if x is not None),
                    *(
                        apart[m.name, kind].get(x)
                        for kind in m.compare
                        for x in labels
                        if x is not None and wanted in labels and x != wanted
                    ),
                ]
            )
            for m in metrics
            if m.live and found[m.name]
        },
    )
