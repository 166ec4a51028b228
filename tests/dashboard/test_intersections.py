"""Where two of three attributes meet: many groups are cut, small ones marked, and both are said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.checks.builtin import BUILTIN
from audits.figures.fairness import FEW_ROWS, MAX_SIDE
from audits.pipeline.run import run_audit
from dashboard.catalogue import say
from dashboard.viewmodels.fairness.intersections import (
    list_notes,
    make_intersection_chart,
    tabulate_intersections,
)
from dashboard.viewmodels.run import RunData

TOWNS, ROWS = 30, 3_000
SPEC = """
[audit]
name = "Towns"
task = "binary"
[data]
path = "rows.csv"
target = "repaid"
positive = "yes"
protected = ["town", "sex", "age"]
[predictions]
label = "decided"
"""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    odds = np.arange(TOWNS, 0, -1) / (TOWNS * (TOWNS + 1) / 2)
    frame = pd.DataFrame(
        {
            "town": draw.choice([f"T{n:02}" for n in range(TOWNS)], ROWS, p=odds),
            "sex": draw.choice(["f", "m"], ROWS),
            "age": draw.choice(["young", "old"], ROWS),
            "decided": draw.choice(["yes", "no"], ROWS),
            "repaid": draw.choice(["yes", "no"], ROWS),
        }
    )
    # One person alone, never selected: the lowest rate of all, on a single row.
    alone = {"town": "T29", "sex": "x", "age": "old", "decided": "no", "repaid": "no"}
    return pd.concat([frame, pd.DataFrame([alone])], ignore_index=True)


@pytest.fixture(scope="module")
def towns(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> RunData:
    folder = tmp_path_factory.mktemp("towns")
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(SPEC, encoding="utf-8")
    wanted = ("data.profile", "performance.groups")
    checks = tuple(check for check in BUILTIN if check.code in wanted)
    return RunData(run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=checks))


def test_every_pair_of_three_attributes_has_a_map(towns: RunData) -> None:
    assert towns.pairs == ("town & sex", "town & age", "sex & age")
    for pair in towns.pairs:
        assert make_intersection_chart(towns, "selection_rate", pair) is not None


def test_the_largest_groups_are_drawn_and_the_cut_is_said(
    towns: RunData, rows: pd.DataFrame
) -> None:
    chart = make_intersection_chart(towns, "selection_rate", "town & sex")
    assert chart is not None
    heat = chart.figure.data[0]
    largest = rows["town"].value_counts().index[:MAX_SIDE]
    assert set(heat.y) == set(largest)
    assert "20 largest of 30 groups of town" in list_notes(towns, "selection_rate", "town & sex")[0]
    # Every colour carries its number, and small cells their mark.
    counts = rows.groupby(["town", "sex"]).size()
    for town, line in zip(heat.y, heat.text, strict=True):
        for sex, text in zip(heat.x, line, strict=True):
            n = counts.get((town, sex), 0)
            assert (text == "") == (n == 0)
            assert not text or text.endswith("*") == (n < FEW_ROWS)


def test_the_title_rests_on_enough_rows_and_the_table_on_all(
    towns: RunData, rows: pd.DataFrame
) -> None:
    chart = make_intersection_chart(towns, "selection_rate", "town & sex")
    assert chart is not None
    assert "T29 & x" not in chart.title
    rates = rows.assign(hit=rows["decided"] == "yes").groupby(["town", "sex"])["hit"]
    enough = rates.mean()[rates.size() >= FEW_ROWS]
    assert " & ".join(enough.idxmin()) in chart.title
    table = tabulate_intersections(towns, "selection_rate", "town & sex")
    assert len(table) == len(rates.size())
    assert (
        table.iloc[0][say("column.group")]
        == rates.mean().idxmin()[0] + " & " + (rates.mean().idxmin()[1])
    )
    notes = list_notes(towns, "selection_rate", "town & sex")
    assert say("fairness.intersection_note", n=FEW_ROWS) in notes
    assert say("fairness.intersection_empty", n=str(3 * TOWNS - len(table))) in notes
