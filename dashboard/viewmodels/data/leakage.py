"""What may give the outcome away: columns that tell it alone, ids, rows that were learned from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow.parquet as pq

from audits.checks import LEAKAGE_CHECK, LEAKAGE_FILE
from audits.core.format import format_interval, format_range, format_value, plain_text
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Status
from audits.core.words.words import list_words
from audits.policy import Rule
from dashboard.catalogue import say
from dashboard.viewmodels.data.schema import ColumnLine
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData

_NAME = LEAKAGE_FILE.removeprefix("evidence/")
RELATIONS = ("same", "recoding", "determines")


@dataclass(frozen=True, slots=True)
class ColumnLeakage:
    """How well one column tells the outcome, as the check `data.leakage` left it: see there."""

    column: str
    auc: float
    low: float
    high: float
    rows: int
    relation: str


@dataclass(frozen=True, slots=True)
class Leakage:
    """What the page says. suspects: empty where nothing was found. looked_for: what was, with its
    numbers. absent: what could not be looked for, and why. table: every column of the model."""

    suspects: tuple[str, ...]
    looked_for: tuple[str, ...]
    absent: tuple[str, ...]
    table: pd.DataFrame


def load_leakages(run: RunData) -> list[ColumnLeakage]:
    """Return the model's columns, the strongest first; () where they were not measured."""
    if not run.bundle.has_evidence(_NAME):
        return []
    records = pq.read_table(run.bundle.evidence_path(_NAME)).to_pylist()
    return [ColumnLeakage(**record) for record in records]


def make_leakage(run: RunData, columns: list[ColumnLine]) -> Leakage:
    """Return everything that may give the outcome away. columns: see `load_columns`."""
    told = load_leakages(run)
    suspects, looked_for, absent = [], [], []
    for found, kept, why in (
        _look_at_columns(run, told), _look_for_ids(run, columns), _look_at_overlap(run),
    ):  # fmt: skip
        suspects += found
        looked_for += kept
        absent += why
    table = pd.DataFrame(
        [
            {
                say("column.column"): plain_text(one.column),
                say("leakage.auc"): format_value(one.auc, "score"),
                say("column.interval"): format_range(one.low, one.high, "score"),
                say("leakage.relation"): say(f"leakage.short_{one.relation}")
                if one.relation in RELATIONS else "",
            }
            for one in told
        ]
    )  # fmt: skip
    return Leakage(tuple(suspects), tuple(looked_for), tuple(absent), table)


_Found = tuple[list[str], list[str], list[str]]


def _find_rule(run: RunData, metric: str) -> Rule | None:
    rules = () if run.policy is None else run.policy.rules
    return next((rule for rule in rules if rule.metric == metric), None)


def _limit_columns(run: RunData) -> float | None:
    """Return from where on a column is a suspect by this run's policy; None where no column is,
    because there is no such rule or the other columns tell nearly as much."""
    rule = _find_rule(run, "strongest_column_auc")
    if rule is None:
        return None
    bounds = [bound for bound in (rule.warn_above, rule.fail_above) if bound is not None]
    for metric, most in rule.only_while_below.items():
        other = run.overall(metric)
        if other is not None and other.value is not None and other.value >= most:
            return None
    return min(bounds, default=None)


def _look_at_columns(run: RunData, told: list[ColumnLeakage]) -> _Found:
    if not told:
        reason = find_check_reason(run, LEAKAGE_CHECK).rstrip(".")
        why = say("leakage.absent", reason=reason) if reason else say("leakage.absent_old")
        return [], [], [why]
    limit = _limit_columns(run)
    typical = run.overall("typical_column_auc")
    suspects = []
    for one in told:
        beyond = limit is not None and one.low > limit
        if one.relation in RELATIONS:
            suspects.append(say(f"leakage.{one.relation}", column=plain_text(one.column)))
        elif beyond:
            suspects.append(_describe_column(one, typical))
    if suspects:
        return suspects, [], []
    first = told[0]
    kept = say("leakage.columns_kept", column=plain_text(first.column), pairs=_count_pairs(first),
               interval=_range(first))  # fmt: skip
    return [], [kept], []


def _count_pairs(one: ColumnLeakage) -> str:
    return str(min(99, round(one.auc * 100)) if one.auc < 1 else 100)


def _range(one: ColumnLeakage) -> str:
    return format_range(one.low, one.high, "score")


def _describe_column(one: ColumnLeakage, typical: Measurement | None) -> str:
    other = "" if typical is None or typical.value is None else say(
        "leakage.typical", pairs=round(typical.value * 100)
    )  # fmt: skip
    return say("leakage.column", column=plain_text(one.column), pairs=_count_pairs(one),
               auc=format_value(one.auc, "score"), interval=_range(one), typical=other)  # fmt: skip


def _look_for_ids(run: RunData, columns: list[ColumnLine]) -> _Found:
    if not columns or run.report.subject.model is None:
        return [], [], []
    unique = [plain_text(c.column) for c in columns if c.unique and "feature" in c.roles]
    if unique:
        key = "leakage.identifier" if len(unique) == 1 else "leakage.identifiers"
        return [say(key, columns=list_words(unique, 6))], [], []
    return [], [say("leakage.no_identifier")], []


def _look_at_overlap(run: RunData) -> _Found:
    excess, overlap = run.overall("reference_overlap_excess"), run.overall("reference_overlap")
    expected = run.overall("reference_overlap_expected")
    if excess is None or overlap is None or expected is None:
        if not columns_were_checked(run):
            return [], [], []
        return [], [], [say("leakage.no_reference")]
    assert overlap.estimate is not None and expected.estimate is not None  # there are rows
    fields = {
        "share": format_value(overlap.estimate.value, "share"),
        "interval": format_interval(overlap.estimate, "share"),
        "expected": format_value(expected.estimate.value, "share"),
    }
    statuses = [v.status for v in run.report.verdicts if v.measurement == excess.id]
    if any(status in (Status.WARN, Status.FAIL) for status in statuses):
        return [say("leakage.overlap", **fields)], [], []
    return [], [say("leakage.overlap_kept", **fields)], []


def columns_were_checked(run: RunData) -> bool:
    """Whether the run was made with checks of the data's columns."""
    return any(check.code == LEAKAGE_CHECK for check in run.report.checks)


def list_strange(run: RunData) -> list[str]:
    """Return where audited values lie beyond what the reference has shown, the most first."""
    items = [
        item
        for metric in ("unseen_share", "outside_range_share")
        for item in run.report.find(metric, attribute=None)
        if item.value
    ]
    items.sort(key=lambda item: -(item.value or 0.0))
    return [_describe_strange(item) for item in items]


def _describe_strange(item: Measurement) -> str:
    estimate = item.estimate
    assert isinstance(estimate, Estimate)  # numbers alone are listed
    return say(
        f"data.{item.metric}", column=plain_text(item.part_name),
        share=format_value(estimate.value, "share"), interval=format_interval(estimate, "share"),
    )  # fmt: skip
