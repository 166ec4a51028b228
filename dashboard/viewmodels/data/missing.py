"""Values that are missing more often for one group than for another."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from audits.checks import MISSING_FILE
from audits.core.format import format_range, format_test, format_value, plain_text
from audits.core.report.measurement import Measurement, is_significant
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import find_result, render_range, render_test
from dashboard.viewmodels.run import RunData

_NAME = MISSING_FILE.removeprefix("evidence/")
_Key = tuple[str, str, str]


def list_compared(run: RunData) -> list[Measurement]:
    """Return the gaps in missing values that the run measured, the widest sure ones first."""
    items = [x for x in run.report.find("missing_share_difference") if x.estimate is not None]
    return sorted(items, key=lambda item: (not is_significant(item), -abs(item.value or 0.0)))


def _load_shares(run: RunData) -> dict[_Key, float]:
    """Return the share of missing values by column, attribute and group."""
    if not run.bundle.has_evidence(_NAME):
        return {}
    columns = ["column", "attribute", "group", "rows", "missing"]
    table = pq.read_table(run.bundle.evidence_path(_NAME), columns=columns)
    return {
        (row["column"], row["attribute"], row["group"]): row["missing"] / row["rows"]
        for row in table.to_pylist()
    }


def _column(item: Measurement) -> str:
    return item.part_name


def _say_share(shares: dict[_Key, float], item: Measurement, group: str | None) -> str:
    share = shares.get((_column(item), item.attribute or "", group or ""))
    return say("number.none") if share is None else format_value(share, "share")


def list_sentences(run: RunData) -> list[str]:
    """Return a sentence for each sure gap, the widest first."""
    shares = _load_shares(run)
    found = []
    for item in list_compared(run):
        if not is_significant(item):
            break
        estimate = item.estimate
        assert estimate is not None  # they are listed with one alone
        ends = sorted((abs(estimate.low), abs(estimate.high)))
        found.append(
            say(
                "data.missing_more" if estimate.value > 0 else "data.missing_less",
                column=plain_text(_column(item)), group=plain_text(item.group or ""),
                reference=plain_text(item.reference_group or ""),
                own=_say_share(shares, item, item.group),
                other=_say_share(shares, item, item.reference_group),
                gap=format_value(abs(estimate.value), "points"),
                interval=format_range(ends[0], ends[1], "points"),
                test=format_test(item.p_value or 0.0, item.adjusted_for),
            )
        )  # fmt: skip
    return found


def tabulate_compared(run: RunData) -> pd.DataFrame:
    """Return all measured gaps in missing values with interval and test."""
    shares = _load_shares(run)
    return pd.DataFrame(
        [
            {
                say("column.column"): plain_text(_column(item)),
                say("groups.choose"): plain_text(item.attribute or ""),
                say("column.group"): plain_text(item.group or ""),
                say("data.missing"): _say_share(shares, item, item.group),
                say("data.reference"): plain_text(item.reference_group or ""),
                say("data.missing_there"): _say_share(shares, item, item.reference_group),
                say("column.difference"): format_value(item.value or 0.0, "points"),
                say("column.interval"): render_range(find_result(item), "points"),
                say("column.chance"): render_test(item),
            }
            for item in list_compared(run)
        ]
    )
