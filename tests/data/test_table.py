"""Files as the audit reads them: formats, types, missing values, groups, weights, ids, joins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.data.groups.protected import label_ranges
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.data.table import AuditTable

ROWS = pd.DataFrame(
    {
        "name": ["a", "b", "c", "d"],
        "age": [20, 25, 64.5, None],
        "sex": ["F", "M", "?", "F"],
        "answer": ["yes", "no", "yes", "no"],
        "flag": ["true", "False", "TRUE", "false"],
        "w": [1.0, 2.0, 0.0, 0.5],
        "outcome": ["good", "bad", "good", "bad"],
        "hired": [1, 0, 0, 1],
        "score": [0.9, 0.1, 0.4, 1.0],
    }
)


def open_rows(
    folder: Path, name: str = "d.csv", *, predictions: object = None, **data: object
) -> AuditTable:
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "x"},
            "data": {"path": name, "target": "outcome", "positive": "good"} | data,
            "predictions": predictions or {"label": "hired"},
        }
    )
    return open_table(connect(1), spec, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ROWS.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path


def only(table: AuditTable) -> pd.DataFrame:
    batches = list(table.batches(3))
    assert [batch.start for batch in batches] == [0, 3]
    return pd.concat([batch.kept for batch in batches], ignore_index=True)


def write_parquet(folder: Path) -> str:
    ROWS.to_parquet(folder / "d.parquet")
    return "d.parquet"


def write_glob(folder: Path) -> str:
    ROWS.iloc[:2].to_parquet(folder / "part-1.parquet")
    ROWS.iloc[2:].to_parquet(folder / "part-2.parquet")
    return "part-*.parquet"


def write_arrow(folder: Path) -> str:
    table = pa.Table.from_pandas(ROWS, preserve_index=False)
    with pa.ipc.new_file(folder / "d.arrow", table.schema) as writer:
        writer.write_table(table)
    return "d.arrow"


@pytest.mark.parametrize("write", [write_parquet, write_glob, write_arrow])
def test_every_format_gives_the_same_rows_as_csv(folder: Path, write) -> None:
    options = {"protected": ["sex", "age"], "edges": {"age": [25, 65]}, "missing": ["?"]}
    expected = only(open_rows(folder, **options))
    found = only(open_rows(folder, write(folder), **options))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_groups_outcomes_and_missing_values(folder: Path) -> None:
    table = open_rows(
        folder,
        protected=["sex", "age"],
        edges={"age": [25, 65]},
        missing=["?"],
        weight="w",
        id="name",
    )
    kept = only(table)
    assert kept["sex"].tolist() == ["F", "M", "(missing)", "F"]
    assert kept["age"].tolist() == ["under 25", "25 to under 65", "25 to under 65", "(missing)"]
    assert kept["y_true"].tolist() == [1, 0, 1, 0]
    assert kept["y_pred"].tolist() == [1, 0, 0, 1]
    assert kept["row"].tolist() == list("abcd")
    assert kept["weight"].tolist() == [1.0, 2.0, 0.0, 0.5]
    missing = {column.name: column.missing for column in table.columns if column.missing}
    assert missing == {"age": 1, "sex": 1}


def test_texts_stay_texts_and_booleans_are_read(folder: Path) -> None:
    frame = next(open_rows(folder).batches(10)).frame
    assert frame["answer"].tolist() == ["yes", "no", "yes", "no"]
    assert frame["flag"].tolist() == [True, False, True, False]


def test_row_numbers_run_on_over_batches(folder: Path) -> None:
    assert only(open_rows(folder))["row"].tolist() == ["0", "1", "2", "3"]


def test_protected_columns_come_from_a_file_of_their_own(folder: Path) -> None:
    people = pd.DataFrame({"name": ["d", "c", "b", "x"], "race": ["r1", "r2", None, "r3"]})
    people.to_parquet(folder / "people.parquet")
    table = open_rows(folder, protected=["race"], protected_path="people.parquet", key="name")
    assert only(table)["race"].tolist() == ["(missing)", "(missing)", "r2", "r1"]
    pd.concat([people, people]).to_parquet(folder / "people.parquet")
    with pytest.raises(InputError, match="not unique"):
        open_rows(folder, protected=["race"], protected_path="people.parquet", key="name")


def test_reference_is_sampled_by_the_generator(folder: Path) -> None:
    pd.DataFrame({"age": range(100)}).to_csv(folder / "train.csv", index=False)
    table = open_rows(folder, reference="train.csv")
    samples = [
        table.sample_reference(10, np.random.default_rng(s))["age"].tolist() for s in (0, 0, 1)
    ]
    assert samples[0] == samples[1] != samples[2]
    assert len(set(samples[0])) == 10
    assert len(table.sample_reference(1000, np.random.default_rng(0))) == 100


def test_single_rows_are_read_by_position(folder: Path) -> None:
    table = open_rows(folder)
    assert table.read_rows(np.array([1, 3]))["name"].tolist() == ["b", "d"]


def test_ranges_are_named_in_plain_words() -> None:
    assert label_ranges((25.0, 65.5)) == ("under 25", "25 to under 65.5", "65.5 and over")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"target": "outcom"}, r"target 'outcom' is not a column.*did you mean 'outcome'"),
        ({"positive": "goood"}, r"positive = 'goood' is not a value of target 'outcome'.*'good'"),
        ({"protected": ["Sex"]}, r"protected column 'Sex'.*did you mean 'sex'"),
        ({"protected": ["sex"], "reference_groups": {"sex": "X"}}, r"reference group 'X'.*F, M"),
        ({"edges": {"age": [1]}}, r"edges name 'age', which is not in protected"),
        ({"protected": ["sex"], "edges": {"sex": [1]}}, r"edges are for numbers.*'sex' holds text"),
        ({"protected": ["age"], "edges": {"age": [3, 1]}}, r"must rise"),
        ({"weight": "sex"}, r"weight 'sex' holds text values"),
        ({"id": "nam"}, r"id 'nam' is not a column"),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, data, message) -> None:
    with pytest.raises(InputError, match=message):
        open_rows(folder, **data)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (
            "score",
            float("inf"),
            r"row 2 has the score inf in 'score'; every row needs a finite one",
        ),
        ("score", None, r"row 2 has no score in 'score'"),
        ("w", -1.0, r"row 2 has the weight -1\.0"),
        ("hired", None, r"row 2 has no decision"),
    ],
)
def test_impossible_values_are_named_with_their_row(folder: Path, column, value, message) -> None:
    bad = ROWS.copy()
    bad[column] = bad[column].astype(object)
    bad.loc[1, column] = value
    bad.to_csv(folder / "d.csv", index=False)
    with pytest.raises(InputError, match=message):
        open_rows(folder, weight="w", predictions={"label": "hired", "score": "score"})
