"""Every column of the data: kind, role, what is missing, a summary; and what is wrong with some."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow.parquet as pq

from audits.checks import COLUMNS_CHECK, COLUMNS_FILE
from audits.core.format import MINUS, format_count, format_value, plain_text
from audits.core.words.words import list_words
from audits.figures import Bar, Chart, draw_bars
from dashboard.catalogue import has_words, say
from dashboard.viewmodels.overview.overview import find_check_reason
from dashboard.viewmodels.run import RunData

_NAME = COLUMNS_FILE.removeprefix("evidence/")


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column as the check `data.columns` left it in the evidence: see there. Numbers are
    rounded there already; None where there is none."""

    column: str
    kind: str
    roles: tuple[str, ...]
    rows: int
    missing: int
    distinct: int
    distinct_exact: bool
    constant: bool
    unique: bool
    equal_to: str | None
    mean: float | None
    spread: float | None
    p05: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p95: float | None
    most_frequent: str | None
    most_frequent_rows: int | None


def load_columns(run: RunData) -> list[ColumnLine]:
    """Return the run's columns in the order of the data; () for a run made without the check."""
    if not run.bundle.has_evidence(_NAME):
        return []
    table = pq.read_table(run.bundle.evidence_path(_NAME))
    return [
        ColumnLine(**{**record, "roles": tuple(record["roles"])}) for record in table.to_pylist()
    ]


def explain_absence(run: RunData, code: str = COLUMNS_CHECK) -> str:
    """Return why a check of the data left nothing."""
    reason = find_check_reason(run, code).rstrip(".")
    return say("data.absent", reason=reason) if reason else say("data.absent_old")


def tabulate_columns(columns: list[ColumnLine], word: str = "") -> pd.DataFrame:
    """Return the columns whose name, kind, role or summary has `word` in it."""
    records = [
        {
            say("column.column"): plain_text(one.column),
            say("data.kind"): _say(f"data.kind_{one.kind}", one.kind),
            say("data.role"): _name_roles(one),
            say("data.missing"): one.missing / one.rows if one.rows else 0.0,
            say("data.distinct"): one.distinct,
            say("data.summary"): render_summary(one),
        }
        for one in columns
    ]
    wanted = word.strip().casefold()
    if wanted:
        records = [r for r in records if any(wanted in str(x).casefold() for x in r.values())]
    return pd.DataFrame(records)


def _say(key: str, other: str) -> str:
    return say(key) if has_words(key) else other


def _name_roles(one: ColumnLine) -> str:
    roles = [_say(f"data.role_{role}", role) for role in one.roles]
    return ", ".join(roles) or say("data.role_unused")


def render_summary(one: ColumnLine) -> str:
    """Return what a column holds, in a few words that point at nobody."""
    if one.constant:
        return say("data.summary_empty" if one.missing == one.rows else "data.summary_constant")
    parts = []
    if one.equal_to is not None:
        parts.append(say("data.summary_equal", column=plain_text(one.equal_to)))
    if one.unique:
        parts.append(say("data.summary_unique"))
    if one.p05 is not None and one.p95 is not None and one.p50 is not None:
        low, middle, high = (_show(x) for x in (one.p05, one.p50, one.p95))
        parts.append(say("data.summary_range", low=low, middle=middle, high=high))
    elif one.mean is not None:
        parts.append(say("data.summary_mean", mean=_show(one.mean)))
    elif one.most_frequent is not None and one.most_frequent_rows and one.rows > one.missing:
        share = one.most_frequent_rows / (one.rows - one.missing)
        parts.append(
            say("data.summary_frequent", value=plain_text(one.most_frequent),
                share=format_value(share, "share"))
        )  # fmt: skip
    return "; ".join(parts)


def _show(value: float) -> str:
    """Return a number with the digits that it was rounded to."""
    return f"{value:,.6g}".replace("-", MINUS)


def list_remarks(run: RunData, columns: list[ColumnLine]) -> list[str]:
    """Return what is wrong with columns and rows: constant, there twice."""
    constant = [plain_text(one.column) for one in columns if one.constant]
    found = [say("data.constant", columns=list_words(constant, 6))] if constant else []
    found += [
        say("data.equal", column=plain_text(one.column), other=plain_text(one.equal_to))
        for one in columns
        if one.equal_to is not None
    ][:6]
    repeated = run.overall("repeated_rows")
    if repeated is not None and repeated.value:
        rows = round(repeated.value * run.report.subject.data.rows)
        key = "data.repeated" if rows > 1 else "data.repeated_one"
        share = format_value(repeated.value, "share")
        found.append(say(key, rows=format_count(rows), share=share))
    return found


def make_missing_chart(run: RunData) -> Chart | None:
    """Return the share of missing values of every column that has any; None where none has."""
    items = [item for item in run.report.find("missing_share", attribute=None) if item.value]
    items.sort(key=lambda item: -(item.value or 0.0))
    if not items:
        return None
    rows = run.report.subject.data.rows
    bars = []
    for item in items:
        share = item.value or 0.0
        text = say("data.size", rows=format_count(round(share * rows)),
                   share=format_value(share, "share"))  # fmt: skip
        name = plain_text(item.part_name)
        bars.append(Bar(name, share, format_value(share, "share"), text))
    title = say("data.missing_title", column=bars[0].name,
                share=format_value(bars[0].value, "share"))  # fmt: skip
    return draw_bars(
        bars, title=title, axis=say("data.missing_axis"), alt=say("data.missing_alt"), percent=True
    )
