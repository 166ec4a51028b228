"""Rules that hold single decisions in place, as sentences with what was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from audits.core.format import format_count, format_range, format_value, plain_text
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData

FILE = "anchors.parquet"


@dataclass(frozen=True, slots=True)
class RuleText:
    """One row's rule: whose decision, the rule as a sentence, what was counted, what to note."""

    row: str
    rule: str
    counted: str
    note: str


def load_rules(run: RunData) -> list[RuleText]:
    """Return the rules in the evidence's order; [] where none were searched."""
    if not run.bundle.has_evidence(FILE):
        return []
    records = pq.read_table(run.bundle.evidence_path(FILE)).to_pylist()
    return [_render(record) for record in records]


def describe_rules(run: RunData) -> str:
    """Return how the rules were searched and counted, with the licence of what searched them."""
    path = f"evidence/{FILE}"
    return next((e.description for e in run.report.evidence if e.path == path), "")


def _render(record: dict[str, Any]) -> RuleText:
    decision, row = plain_text(record["decision"]), plain_text(record["row"])
    chosen = say("anchors.row", row=row, decision=decision, chosen=record["chosen"])
    if record["reason"]:
        return RuleText(chosen, say("anchors.none", reason=plain_text(record["reason"])), "", "")
    conditions = [plain_text(condition) for condition in record["conditions"]]
    if not conditions:
        rule = say("anchors.always", decision=decision)
    else:
        rule = say("anchors.rule", conditions=say("anchors.and").join(conditions),
                   decision=decision)  # fmt: skip
    note = "" if record["reached"] else say("anchors.not_reached")
    return RuleText(chosen, rule, _count(record, decision), note)


def _count(record: dict[str, Any], decision: str) -> str:
    coverage = say(
        "anchors.coverage",
        share=format_value(record["coverage"], "share"),
        interval=format_range(record["coverage_low"], record["coverage_high"], "share"),
        n=format_count(record["coverage_n"]),
    )
    made_up = say(
        "anchors.made_up",
        precision=format_value(record["alibi_precision"], "share"),
        coverage=format_value(record["alibi_coverage"], "share"),
    )
    if record["precision"] is None:
        return " ".join([say("anchors.alone"), coverage, made_up])
    precision = say(
        "anchors.precision",
        share=format_value(record["precision"], "share"),
        interval=format_range(record["precision_low"], record["precision_high"], "share"),
        n=format_count(record["precision_n"]),
        decision=decision,
    )
    return " ".join([precision, coverage, made_up])
