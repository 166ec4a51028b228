"""Proving a report again: counts from the rows, numbers from the counts, verdicts from both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.parquet as pq

import audits
from audits.checks import CUBE_CHECKS, CUBE_FILE, PREDICTIONS_FILE, CubeContext, class_cube_file
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.settings.spec import AuditSpec
from audits.cube import DISPARITIES, Cube, build_cube, count_classes
from audits.data import connect
from audits.policy import IN_FORCE, Policy, compute_verdicts
from audits.store import Bundle

_TOLERANCE = 1e-9


def recompute_problems(bundle: Bundle) -> list[str]:
    """Return which of a run's numbers and verdicts its evidence no longer gives."""
    effective = dict(bundle.report.spec.effective)
    policy = Policy.model_validate(effective.pop(IN_FORCE))
    cube = bundle.load_cube()
    context = CubeContext(
        AuditSpec.model_validate(effective), cube, _load_class_cubes(bundle, cube), policy.min_rows
    )
    verdicts = (
        [] if is_of_another_version(bundle.report) else (_compare_verdicts(bundle.report, policy))
    )
    return [
        *_compare_cubes(bundle, context),
        *_compare_numbers(bundle.report, context),
        *verdicts,
        *_compare_attributions(bundle),
    ]


def is_of_another_version(report: AuditReport) -> bool:
    """Whether another version of Assay made a run. How some intervals and summaries are computed,
    and how groups are judged, is a version's own: these are then not recomputed, only held against
    their digests."""
    return report.run.tool.version != audits.__version__


_CHANGED = {item.name for item in DISPARITIES}
"""Numbers that earlier versions took over all groups, however small."""
_CHANGED_CHECKS = ("fairness.adverse_impact", "fairness.interventions")
"""Checks that earlier versions took against other groups, or from other random halves."""


def _load_class_cubes(bundle: Bundle, cube: Cube) -> dict[str, Cube]:
    files = {name: class_cube_file(position) for position, name in enumerate(cube.classes)}
    return {
        name: Cube.load(bundle.path / file)
        for name, file in files.items()
        if file in bundle.manifest
    }


def _compare_cubes(bundle: Bundle, context: CubeContext) -> Iterator[str]:
    stored, predictions = context.cube, bundle.path / PREDICTIONS_FILE
    with connect() as connection:
        counted = build_cube(
            connection,
            predictions,
            task=stored.task,
            attributes=stored.attributes,
            classes=stored.classes,
            threshold=stored.threshold,
            scale=stored.scale,
        )
        by_class = count_classes(connection, predictions, counted)
    if not counted.to_table().equals(stored.to_table()):
        yield f"{CUBE_FILE} is not what {PREDICTIONS_FILE} counts to"
    for position, (name, one) in enumerate(by_class.items()):
        kept = context.class_cubes.get(name)
        # A run from before classes were counted has none; one taken away fails its digest.
        if kept is not None and not one.to_table().equals(kept.to_table()):
            yield f"{class_cube_file(position)} is not what {PREDICTIONS_FILE} counts to"


def _compare_numbers(report: AuditReport, context: CubeContext) -> Iterator[str]:
    # A run keeps its numbers when later versions measure more, or what failed then works now.
    made = {check.code for check in report.checks if check.status is CheckStatus.MEASURED}
    other = is_of_another_version(report)
    for check in (check for check in CUBE_CHECKS if check.code in made):
        try:
            found = check.compute(context).measurements
        except CheckNotApplicableError:
            continue
        for item in found:
            stored = report.by_id.get(item.id)
            if other and (
                stored is None or item.metric in _CHANGED or item.check in _CHANGED_CHECKS
            ):
                continue
            if stored is None:
                yield f"{item.id} is missing from the report"
            elif not _equal(stored, item, ("value", "n") if other else _PARTS):
                yield f"{item.id} is {stored.value} in the report, the cube gives {item.value}"


_PARTS = ("value", "low", "high", "n")


def _equal(stored: Measurement, again: Measurement, parts: tuple[str, ...]) -> bool:
    if stored.estimate is None or again.estimate is None:
        return stored.estimate is again.estimate
    return all(
        abs(getattr(stored.estimate, part) - getattr(again.estimate, part)) <= _TOLERANCE
        for part in parts
    )


def _compare_verdicts(report: AuditReport, policy: Policy) -> Iterator[str]:
    again = compute_verdicts(policy, report.measurements, report.run.day)
    if again != report.verdicts:
        yield "the verdicts are not what the policy gives on the report's measurements"


def _compare_attributions(bundle: Bundle) -> Iterator[str]:
    claimed = bundle.report.by_id.get("additivity_error")
    for evidence in bundle.report.evidence:
        if not evidence.path.startswith("evidence/attributions."):
            continue
        table = pq.read_table(bundle.path / evidence.path)
        parts = table.drop_columns(["row", "output"])
        total = sum(column.to_numpy().astype(np.float64) for column in parts.columns)
        output = table["output"].to_numpy().astype(np.float64)
        gap = float(np.abs(total - output).max(initial=0.0))
        # The file holds float32: each part is rounded at the seventh digit.
        rounding = 1e-5 * max(1.0, float(np.abs(output).max(initial=0.0)))
        if claimed is None or claimed.value is None or gap > claimed.value + rounding:
            yield f"{evidence.path} does not add up: base and parts miss the output by {gap:.2g}"
