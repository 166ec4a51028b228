"""Evidence of recourse: counterfactuals as Arrow tables, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import pyarrow as pa

from audits.core.counterfactual import Change, Counterfactual, NoRecourse
from audits.recourse.result import RecourseResult

OWN = (
    "row",
    "rank",
    "changed",
    "changed_from",
    "cost",
    "y_score",
    "valid",
    "plausible",
    "distance",
    "density",
    "broken_rules",
)
"""The columns that are not features."""


def name_column(feature: str) -> str:
    """Return the column that holds a feature's new value: the feature's own name.

    Only a feature that is called like one of the table's own columns ("row", "cost", ...)
    becomes `feature[<name>]`, and so does one whose name already has that form.
    """
    return f"feature[{feature}]" if feature in OWN or _is_wrapped(feature) else feature


def name_feature(column: str) -> str:
    """Return the feature that a column holds: the inverse of `name_column`."""
    return column.removeprefix("feature[")[:-1] if _is_wrapped(column) else column


def tabulate_counterfactuals(
    results: Iterable[RecourseResult], features: Sequence[str]
) -> pa.Table:
    """Return one row an answer, in the layout of `counterfactuals.parquet`.

    `row` text, `rank` int64 (0 is best), every feature with its new value (see `name_column`),
    `changed` the changed columns' names, `changed_from` their old values as JSON in the same
    order, `cost` and `y_score` float64, `valid` and `plausible` boolean, `distance` and
    `density` float64, `broken_rules` texts: see `Counterfactual`.
    """
    answers = [answer for result in results for answer in result.answers]
    own = {
        "row": pa.array([cf.row for cf in answers], pa.string()),
        "rank": pa.array([cf.rank for cf in answers], pa.int64()),
    }
    values = {
        name_column(feature): pa.array([cf.values[feature] for cf in answers])
        for feature in features
    }
    texts = pa.list_(pa.string())
    rest = {
        "changed": pa.array([[c.column for c in cf.changes] for cf in answers], texts),
        "changed_from": pa.array(
            [[json.dumps(c.old, ensure_ascii=False) for c in cf.changes] for cf in answers], texts
        ),
        "cost": pa.array([cf.cost for cf in answers], pa.float64()),
        "y_score": pa.array([cf.y_score for cf in answers], pa.float64()),
        "valid": pa.array([cf.valid for cf in answers], pa.bool_()),
        "plausible": pa.array([cf.plausible for cf in answers], pa.bool_()),
        "distance": pa.array([cf.distance for cf in answers], pa.float64()),
        "density": pa.array([cf.density for cf in answers], pa.float64()),
        "broken_rules": pa.array([list(cf.broken_rules) for cf in answers], texts),
    }
    return pa.table({**own, **values, **rest})


def read_counterfactuals(table: pa.Table) -> tuple[Counterfactual, ...]:
    """Return the counterfactuals of a table that `tabulate_counterfactuals` made."""
    columns = {column: name_feature(column) for column in table.column_names if column not in OWN}
    answers = []
    for record in table.to_pylist():
        values = {feature: record[column] for column, feature in columns.items()}
        changes = tuple(
            Change(name, json.loads(old), values[name])
            for name, old in zip(record["changed"], record["changed_from"], strict=True)
        )
        own = {
            name: record[name]
            for name in OWN
            if name in record and not name.startswith(("changed", "broken"))
        }
        own["broken_rules"] = tuple(record.get("broken_rules") or ())
        answers.append(Counterfactual(values=values, changes=changes, **own))
    return tuple(answers)


def tabulate_no_recourse(results: Iterable[RecourseResult]) -> pa.Table:
    """Return one row for each row without an answer, in the layout of `no_recourse.parquet`.

    `row`, `reason` and `searched` are text, `proven` is boolean, `max_changes` int64: see
    `NoRecourse`.
    """
    none = [result.no_recourse for result in results if result.no_recourse is not None]
    return pa.table(
        {
            "row": pa.array([item.row for item in none], pa.string()),
            "reason": pa.array([item.reason for item in none], pa.string()),
            "searched": pa.array([item.searched for item in none], pa.string()),
            "proven": pa.array([item.proven for item in none], pa.bool_()),
            "max_changes": pa.array([item.max_changes for item in none], pa.int64()),
        }
    )


def read_no_recourse(table: pa.Table) -> tuple[NoRecourse, ...]:
    """Return the rows without recourse of a table that `tabulate_no_recourse` made.

    Evidence from before anything was proven lacks two columns; it then says "not proven".
    """
    return tuple(NoRecourse(**record) for record in table.to_pylist())


def _is_wrapped(name: str) -> bool:
    return re.fullmatch(r"feature\[.*\]", name, flags=re.DOTALL) is not None
