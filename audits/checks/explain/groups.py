"""Check `explain.groups`: what moves one group's output more, or another way, than another's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audits.checks.base import PREDICTIONS_FILE, Check, CheckResult, Context
from audits.checks.explain.attributions import name_column
from audits.checks.explain.grouped import Grouping, MetricSpec, list_groupings, measure_groups
from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.core.limits import MIN_ROWS_FOR_ATTRIBUTIONS
from audits.core.report.measurement import Measurement
from audits.explain import (
    PartSums,
    choose_important,
    find_attributions,
    find_positions,
    iterate_values,
    read_method,
)

CODE = "explain.groups"
TOP = 15
_METRICS = {False: "mean_absolute_attribution", True: "mean_attribution"}


def _sum_groups(
    evidence: Path, features: list[str], groupings: list[Grouping]
) -> tuple[FloatArray, dict[bool, list[PartSums]]]:
    """Return every column's overall mean size, and its sums by group, with sign and without."""
    sums = {
        signed: [one.start_sums(len(features), signed=signed) for one in groupings]
        for signed in _METRICS
    }
    size, done = np.zeros(len(features)), 0
    for values in iterate_values(evidence, [name_column(name) for name in features]):
        size += np.abs(values).sum(axis=0)
        for own in sums.values():
            for one, part in zip(groupings, own, strict=True):
                part.add(values, one.codes[done : done + len(values)])
        done += len(values)
    return size / max(done, 1), sums


def compute_group_importance(context: Context) -> CheckResult:
    """Take each column's mean attribution in every group, and set it against the reference's."""
    evidence = find_attributions(context.folder / "evidence")
    if context.model is None or evidence is None:
        raise CheckNotApplicableError("there are no attributions to compare between groups")
    features = list(context.model.info.features)
    positions = find_positions(context.folder / PREDICTIONS_FILE, evidence)
    groupings = list(list_groupings(context, positions))
    if not groupings:
        raise CheckNotApplicableError("no protected column has two groups")
    size, sums = _sum_groups(evidence, features, groupings)
    found: list[Measurement] = []
    for signed, metric in _METRICS.items():
        spec = MetricSpec(
            CODE, metric, unit="score", gap_unit="difference", direction="none",
            method=read_method(evidence), files=(f"evidence/{evidence.name}", PREDICTIONS_FILE),
            least=MIN_ROWS_FOR_ATTRIBUTIONS,
        )  # fmt: skip
        found += measure_groups(
            groupings, sums[signed], features, choose_important(size, TOP), spec
        )
    return CheckResult(tuple(found))


EXPLAIN_GROUPS = Check(
    CODE,
    "Explanations by group",
    f"Takes the mean attribution of the {TOP} columns that move the output most in every group, "
    "with its sign and without, and sets it against the reference group's: Welch's test, adjusted "
    "by Holm over all columns and groups.",
    compute_group_importance,
)
