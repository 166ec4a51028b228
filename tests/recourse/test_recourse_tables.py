from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from audits.core.counterfactual import Change, Counterfactual, NoRecourse
from audits.recourse.result import RecourseResult
from audits.recourse.tables import (
    OWN,
    name_column,
    name_feature,
    read_counterfactuals,
    read_no_recourse,
    tabulate_counterfactuals,
    tabulate_no_recourse,
)

VALUES = {"age": 40, "rate": 0.1, "job": "Köchin", "owner": True, "row": "a", "cost": None}
CHANGES = (Change("age", 30, 40), Change("job", None, "Köchin"), Change("row", "ß", "a"))
ANSWER = Counterfactual(
    "id-7", 0, VALUES, CHANGES, 1.25, 0.75, valid=True, plausible=False, distance=0.125,
    density=0.5, broken_rules=("a <= b",),
)  # fmt: skip
NONE = NoRecourse("id-8", "No column may change.", "Nothing.", proven=True, max_changes=3)
RESULTS = [RecourseResult("id-7", (ANSWER,), None), RecourseResult("id-8", (), NONE)]


def through_parquet(table: pa.Table, path) -> pa.Table:
    pq.write_table(table, path)
    return pq.read_table(path)


def test_counterfactuals_come_back_equal_from_disk(tmp_path):
    table = tabulate_counterfactuals(RESULTS, list(VALUES))
    assert table.column_names == [
        "row", "rank", "age", "rate", "job", "owner", "feature[row]", "feature[cost]",
        "changed", "changed_from", "cost", "y_score", "valid", "plausible",
        "distance", "density", "broken_rules",
    ]  # fmt: skip
    assert read_counterfactuals(through_parquet(table, tmp_path / "c.parquet")) == (ANSWER,)


def test_a_table_from_before_distances_is_still_read(tmp_path):
    new = ["distance", "density", "broken_rules"]
    table = tabulate_counterfactuals(RESULTS, list(VALUES)).drop_columns(new)
    answer = replace(ANSWER, distance=None, density=None, broken_rules=())
    assert read_counterfactuals(through_parquet(table, tmp_path / "c.parquet")) == (answer,)


def test_no_recourse_comes_back_equal_from_disk(tmp_path):
    table = tabulate_no_recourse(RESULTS)
    assert table.column_names == ["row", "reason", "searched", "proven", "max_changes"]
    assert read_no_recourse(through_parquet(table, tmp_path / "n.parquet")) == (NONE,)


def test_evidence_from_before_proofs_is_read_as_not_proven(tmp_path):
    old = pa.table({"row": ["7"], "reason": ["None of those tried."], "searched": ["9 changes"]})
    (none,) = read_no_recourse(through_parquet(old, tmp_path / "old.parquet"))
    assert none == NoRecourse("7", "None of those tried.", "9 changes", False, 0)


def test_empty_results_are_empty_tables(tmp_path):
    table = tabulate_counterfactuals([], ["age"])
    assert read_counterfactuals(through_parquet(table, tmp_path / "c.parquet")) == ()
    assert tabulate_no_recourse([]).num_rows == 0


@given(st.text() | st.sampled_from([*OWN, "feature[row]", "feature[]", "feature[feature[a]]"]))
def test_column_names_are_reversible_and_never_collide(feature):
    column = name_column(feature)
    assert name_feature(column) == feature
    assert column not in OWN


@pytest.mark.parametrize("feature", ["age", "feature", "rows", "Cost", "größe"])
def test_other_features_keep_their_names(feature):
    assert name_column(feature) == feature
