"""Values mean what they say: third values, spellings, missing values, codes, ids and types. Each
table has the right number by a count of its own, or is refused in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.data.table import AuditTable
from audits.data.values.spelling import find_similar, fold

FORMATS = ("csv", "parquet", "arrow")


def write_table(folder: Path, frame: pd.DataFrame, kind: str = "csv") -> str:
    name = f"rows.{kind}"
    if kind == "csv":
        frame.to_csv(folder / name, index=False)
    elif kind == "parquet":
        frame.to_parquet(folder / name)
    else:
        frame.to_feather(folder / name, compression="uncompressed")
    return name


def open_values(
    folder: Path, target: list[Any] | pd.Series, kind: str = "csv", **settings: Any
) -> AuditTable:
    """Open a table with a target, every second row of which is of group a, and decisions."""
    n = len(target)
    frame = pd.DataFrame(
        {
            "y": target,
            "group": [("a", "b")[i % 2] for i in range(n)],
            "decided": [("yes", "no")[i % 3 == 0] for i in range(n)],
        }
    )
    return open_frame(folder, frame, kind, **settings)


def open_frame(
    folder: Path,
    frame: pd.DataFrame,
    kind: str = "csv",
    predictions: Mapping[str, Any] | None = None,
    task: str = "binary",
    **settings: Any,
) -> AuditTable:
    data = {"path": write_table(folder, frame, kind), "target": "y", "protected": ["group"]}
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "x", "task": task},
            "data": data | settings,
            "predictions": predictions or {"label": "decided", "positive": "yes"},
        }
    )
    return open_table(connect(1), spec, folder)


def read_kept(table: AuditTable) -> pd.DataFrame:
    return pd.concat([batch.kept for batch in table.batches(7)], ignore_index=True)


def codes(table: AuditTable) -> set[str]:
    return {notice.code for notice in table.notices}


@dataclass(frozen=True)
class Case:
    """A target and its settings. ones, zeros, unknown: rows by what they have to count as."""

    name: str
    target: list[Any]
    settings: Mapping[str, Any]
    ones: int = 0
    zeros: int = 0
    unknown: int = 0
    told: str = ""
    refused: tuple[str, ...] = ()
    kinds: tuple[str, ...] = field(default=("csv",))


YES = {"positive": "Yes"}
ONE = {"positive": "1"}
RIGHT = [
    Case("plain", ["Yes", "No"] * 10, YES, 10, 10, kinds=FORMATS),
    Case("empty is missing", ["Yes", "No", None] * 5, YES, 5, 5, 5, kinds=FORMATS),
    Case("numbers", [1, 0] * 10, ONE, 10, 10, kinds=FORMATS),
    Case("a number declared as one", [1, 0] * 10, {"positive": 1}, 10, 10, kinds=FORMATS),
    Case("decimals", [1.0, 0.0] * 10, ONE, 10, 10, kinds=FORMATS),
    Case("no value among numbers", [1.0, 0.0, float("nan")] * 5, ONE, 5, 5, 5, kinds=FORMATS),
    Case("the text nan", ["1.0", "0.0", "nan"] * 5, ONE, 5, 5, 5),
    Case("the text NaN", ["1", "0", "NaN"] * 5, ONE, 5, 5, 5),
    Case("booleans", [True, False] * 9, {"positive": True}, 9, 9, kinds=FORMATS),
    Case("booleans and a word", [True, False] * 9, {"positive": "True"}, 9, 9, kinds=FORMATS),
    Case("booleans and a number", [True, False] * 9, {"positive": 1}, 9, 9, kinds=FORMATS),
    Case("false is favourable", [True, True, False] * 4, {"positive": False}, 4, 8, kinds=FORMATS),
    Case("minus one", [1, -1] * 8, ONE, 8, 8, kinds=FORMATS),
    Case("one and two", [1, 2] * 8, ONE, 8, 8, kinds=FORMATS),
    Case("numbers as texts", ["1", "1.0", "0", "0.0"] * 4, ONE, 8, 8, kinds=FORMATS),
    Case("a missing code", [1, 0, 9] * 5, ONE | {"missing": ["9"]}, 5, 5, 5, kinds=FORMATS),
    Case("written as a number", [1, 0, 9] * 5, ONE | {"missing": [9]}, 5, 5, 5, kinds=FORMATS),
    Case("of decimals", [1.0, 0.0, -9.0] * 5, ONE | {"missing": ["-9"]}, 5, 5, 5, kinds=FORMATS),
    Case("a missing word", ["Yes", "No", "Unknown"] * 5, YES | {"missing": ["Unknown"]}, 5, 5, 5,
         kinds=FORMATS),
    Case("dropped", ["Yes", "No", "Unknown"] * 5, YES | {"drop": ["Unknown"]}, 5, 5,
         told="data.dropped_rows", kinds=FORMATS),
    Case("a dropped number", [1, 0, 9] * 5, ONE | {"drop": 9}, 5, 5, told="data.dropped_rows",
         kinds=FORMATS),
    Case("declared as unfavourable", ["Yes", "No", "Late"] * 5, YES | {"negative": ["No", "Late"]},
         5, 10, kinds=FORMATS),
    Case("one negative, one dropped", ["Yes", "No", "Late", "?"] * 5,
         YES | {"negative": "No", "drop": "Late", "missing": ["?"]}, 5, 5, 5, told="data.dropped_rows", kinds=FORMATS),
    Case("spellings", ["Yes", "Yes ", "YES", "No", "no"] * 4,
         YES | {"spellings": {"y": {"Yes": ["Yes ", "YES"], "No": ["no"]}}}, 12, 8, kinds=FORMATS),
    Case("a doubtful value declared", ["Yes", "N/A"] * 4, YES | {"negative": "N/A"}, 4, 4),
    Case("a negative that never occurs", ["Yes", "No"] * 4, YES | {"negative": ["No", "Late"]}, 4, 4,
         told="data.unused_negative"),
    Case("a dropped value that never occurs", ["Yes", "No"] * 4, YES | {"drop": ["?"]}, 4, 4,
         told="data.unused_drop"),
    Case("missing that never occurs", ["Yes", "No"] * 4, YES | {"missing": ["-9"]}, 4, 4,
         told="data.unused_missing", kinds=FORMATS),
    Case("a spelling that never occurs", ["Yes", "No"] * 4,
         YES | {"spellings": {"y": {"Yes": ["YES"]}}}, 4, 4, told="data.unused_spellings"),
    Case("leading zeros", ["01", "00"] * 4, {"positive": "01"}, 4, 4, kinds=FORMATS),
    Case("a target declared as text", [1, 0] * 4, ONE | {"types": {"y": "text"}}, 4, 4,
         kinds=FORMATS),
    Case("texts declared as numbers", ["1", "0", "-"] * 4,
         ONE | {"types": {"y": "number"}, "missing": ["-"]}, 4, 4, 4, kinds=FORMATS),
]  # fmt: skip
REFUSED = [
    Case("a trailing blank", ["Yes", "Yes ", "No", "No "] * 4, YES, kinds=FORMATS, refused=(
        "'Yes ' differ only by case", '[data.spellings] y = { Yes = ["Yes "] }', "(4)")),
    Case("capitals", ["Yes", "YES", "No"] * 4, YES, kinds=FORMATS, refused=("'YES'", "case")),
    Case("a final dot", [">50K", ">50K.", "<=50K"] * 4, {"positive": ">50K"}, kinds=FORMATS,
         refused=("'>50K.'", "final dot")),
    Case("two values that are one", ["Yes", "yes"] * 4, YES, refused=("differ only by case",)),
    Case("a no-break blank", ["Yes", "Yes\u00a0", "No"] * 4, YES, refused=("blanks",)),
    Case("unknown", ["Yes", "No", "Unknown"] * 4, YES, kinds=FORMATS,
         refused=("'Unknown' (4)", "negative", "missing", "drop")),
    Case("a code", [1, 0, 9] * 4, ONE, kinds=FORMATS, refused=("'9' (4)", "negative")),
    Case("minus one beside 1 and 0", [1, 0, -1] * 4, ONE, kinds=FORMATS, refused=("'-1' (4)",)),
    Case("two", [1, 0, 2] * 4, ONE, kinds=FORMATS, refused=("'2' (4)", '["0"]')),
    Case("only unknown beside it", ["Yes", "Unknown"] * 4, YES, kinds=FORMATS,
         refused=("'Unknown' may be the unfavourable value or none at all",)),
    Case("only a code of missing beside it", [1, -99] * 4, ONE, kinds=FORMATS,
         refused=("'-99' may be",)),
    Case("the text nan among words", ["Yes", "No", "nan"] * 4, YES, refused=("'nan' (4)", "missing")),
    Case("not among the negatives", ["Yes", "No", "Late"] * 4, YES | {"negative": ["No"]},
         refused=("'Late' (4)", "drop")),
    Case("no such value", ["Yes", "No"] * 4, {"positive": "Yess"}, kinds=FORMATS,
         refused=("did you mean 'Yes'",)),
    Case("one value", ["Yes"] * 4, YES, kinds=FORMATS, refused=("only one value, 'Yes'",)),
    Case("none left", ["Yes", "No"] * 4, YES | {"drop": ["No"]}, refused=("only one value",)),
    Case("no value at all", [None] * 4, YES, refused=("has no values at all",)),
    Case("no number", ["1", "0", "maybe"] * 4, ONE | {"types": {"y": "number"}}, kinds=FORMATS,
         refused=("'maybe' in row 3", "missing")),
    Case("no boolean", ["yes", "no", "maybe"] * 4, ONE | {"types": {"y": "boolean"}},
         refused=("'maybe' in row 3", "true or false")),
    Case("a type of no column", ["Yes", "No"] * 4, YES | {"types": {"yy": "text"}},
         refused=("did you mean 'y'",)),
    Case("a spelling of no column", ["Yes", "No"] * 4, YES | {"spellings": {"yy": {"Yes": ["Y"]}}},
         refused=("did you mean 'y'",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "kind"),
    [pytest.param(case, kind, id=f"{case.name}-{kind}") for case in RIGHT for kind in case.kinds],
)
def test_outcomes_count_as_pandas_counts_them(tmp_path: Path, case: Case, kind: str) -> None:
    table = open_values(tmp_path, case.target, kind, **case.settings)
    true = read_kept(table)["y_true"]
    assert (true == 1).sum() == case.ones
    assert (true == 0).sum() == case.zeros
    assert true.isna().sum() == case.unknown
    assert table.rows == case.ones + case.zeros + case.unknown
    expected = {case.told} if case.told else set()
    assert {code for code in codes(table) if code.startswith("data.")} == expected


@pytest.mark.parametrize(
    ("case", "kind"),
    [pytest.param(case, kind, id=f"{case.name}-{kind}") for case in REFUSED for kind in case.kinds],
)
def test_what_is_not_plain_is_refused_in_one_line(tmp_path: Path, case: Case, kind: str) -> None:
    with pytest.raises(InputError) as refusal:
        open_values(tmp_path, case.target, kind, **case.settings)
    line = str(refusal.value)
    assert "\n" not in line
    for part in case.refused:
        assert part in line, line


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"positive": "a", "negative": ["a"]}, "'a' is in positive and in negative"),
        ({"positive": "a", "drop": ["b"], "missing": ["b"]}, "'b' is in missing and in drop"),
        ({"negative": ["b"]}, "negative needs positive"),
        ({"positive": "a", "spellings": {"y": {"A": ["x"], "B": ["x"]}}}, "'x' is in"),
        ({"positive": "a", "types": {"y": "integer"}}, "'text', 'number', 'boolean' or 'date'"),
    ],
)
def test_settings_that_contradict_themselves(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AuditSpec.model_validate(
            {
                "audit": {"name": "x"},
                "data": {"path": "d.csv", "target": "y"} | settings,
                "predictions": {"label": "p"},
            }
        )


@pytest.mark.parametrize(
    ("written", "groups"),
    [
        (["1.1", "1.10", "1.2"], ["1.1", "1.10", "1.2"]),
        (["007", "7", "8"], ["007", "7", "8"]),
        (["1", "2", "10"], ["1", "2", "10"]),
        (["1.0", "0.0", "2.0"], ["1.0", "0.0", "2.0"]),
        (["1e3", "1000", "5"], ["1e3", "1000", "5"]),
        (["1.10", "", "1.1"], ["1.10", "(missing)", "1.1"]),
        (["1.10", "nan", "1.1"], ["1.10", "(missing)", "1.1"]),
        (["12345678901234567000", "12345678901234567001", "1"],
         ["12345678901234567000", "12345678901234567001", "1"]),
        ([" 1", "1", "2"], ["1", "1", "2"]),
        (["true", "False", "TRUE"], ["true", "false", "true"]),
    ],
)  # fmt: skip
def test_codes_are_groups_as_they_are_written(
    tmp_path: Path, written: list[str], groups: list[str]
) -> None:
    rows = "".join(f"{('Yes', 'No')[i % 2]},{code},yes\n{('No', 'Yes')[i % 2]},{code},no\n"
                   for i, code in enumerate(written))  # fmt: skip
    (tmp_path / "d.csv").write_text(f"y,code,decided\n{rows}")
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "x"},
            "data": {"path": "d.csv", "target": "y", "positive": "Yes", "protected": ["code"]},
            "predictions": {"label": "decided", "positive": "yes"},
        }
    )
    found = read_kept(open_table(connect(1), spec, tmp_path))["code"]
    assert list(found[::2]) == groups


def test_a_model_still_gets_codes_as_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 3, "group": [1.1, 1.2] * 3, "decided": [1, 0] * 3})
    table = open_frame(
        tmp_path, frame, positive="Yes", id="group", predictions={"label": "decided", "positive": 1}
    )
    batch = next(table.batches(6))
    assert batch.frame["group"].dtype == float
    assert list(batch.frame.columns) == list(frame.columns)
    assert list(table.read_rows([0, 1])["group"]) == [1.1, 1.2]


@pytest.mark.parametrize("rows", [3, 40])
def test_ids_of_twenty_digits_stay_apart_and_repeats_are_told(tmp_path: Path, rows: int) -> None:
    ids = [str(12345678901234567000 + i) for i in range(rows)]
    frame = pd.DataFrame({"y": ["Yes", "No"] * rows, "group": "a", "decided": ["yes", "no"] * rows,
                          "pid": [one for one in ids for _ in range(2)]})  # fmt: skip
    table = open_frame(tmp_path, frame, positive="Yes", id="pid")
    assert list(read_kept(table)["row"]) == list(frame["pid"])
    told = next(one.text for one in table.notices if one.code == "data.repeated_ids")
    assert f"{rows} ids" in told
    assert f"{2 * rows} rows" in told


@pytest.mark.parametrize(
    ("values", "same", "told"),
    [
        (["Female", "Female ", "female", "Male"], 3, "data.similar_groups"),
        (["Ab", "AB", "x", "y"], 2, "data.similar_groups"),
        (["1.1", "1.10", "1.2", "3"], 2, "data.similar_groups"),
        (["a", "n/a", "b", "c"], 0, "data.doubtful_groups"),
        (["a", "b", "c", "d"], 0, ""),
    ],
)
def test_groups_that_may_be_one_are_told(
    tmp_path: Path, values: list[str], same: int, told: str
) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 8, "decided": ["yes", "no"] * 8})
    frame["group"] = values * 4
    frame = frame.astype(object)
    table = open_frame(tmp_path, frame, positive="Yes")
    assert sorted(set(read_kept(table)["group"])) == sorted(set(values))  # told, not merged
    assert codes(table) == ({told} if told else set())
    if same:
        assert f"audited as {same} groups" in table.notices[0].text


def test_spellings_make_groups_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 8, "decided": ["yes", "no"] * 8,
                          "group": ["Female", "Female ", "female", "Male"] * 4})  # fmt: skip
    table = open_frame(
        tmp_path, frame, positive="Yes", spellings={"group": {"Female": ["Female ", "female"]}}
    )
    assert read_kept(table)["group"].value_counts().to_dict() == {"Female": 12, "Male": 4}
    assert codes(table) == set()
    assert list(next(table.batches(4)).frame["group"]) == list(frame["group"][:4])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_missing_number_is_missing_in_groups_too(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame(
        {"y": ["Yes", "No"] * 6, "decided": ["yes", "no"] * 6, "group": [1, 2, -9] * 4}
    )
    table = open_frame(tmp_path, frame, kind, positive="Yes", missing=["-9"])
    assert read_kept(table)["group"].value_counts().to_dict() == {"1": 4, "2": 4, "(missing)": 4}
    assert codes(table) == set()


def test_an_edge_that_nobody_is_beyond_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 6, "decided": ["yes", "no"] * 6,
                          "group": range(12)})  # fmt: skip
    table = open_frame(tmp_path, frame, positive="Yes", edges={"group": [5, 200]})
    assert codes(table) == {"data.unused_edges"}
    assert "200 and over" in table.notices[0].text


@pytest.mark.parametrize(
    ("ours", "theirs", "met"),
    [
        (["1", "2", "3", "4"], ["1", "2", "3", "4"], 4),
        (["1.0", "2.0", "3.0", "4.0"], ["1", "2", "3", "4"], 4),
        ([str(12345678901234567000 + i) for i in range(4)],
         [str(12345678901234567000 + i) for i in range(4)], 4),
        (["1", "2", "3", "9"], ["1", "2", "3", "4"], 3),
        (["a1", "a2", "a3", "a4"], ["a1", "a2", "a3", "a4"], 4),
    ],
)  # fmt: skip
def test_keys_meet_as_they_are(
    tmp_path: Path, ours: list[str], theirs: list[str], met: int
) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 2, "decided": ["yes", "no"] * 2, "key": ours})
    people = pd.DataFrame({"key": theirs, "group": list("abcd")})
    people.to_csv(tmp_path / "people.csv", index=False)
    table = open_frame(tmp_path, frame, positive="Yes", protected_path="people.csv", key="key")
    assert list(read_kept(table)["group"])[:met] == list("abcd")[:met]
    assert ("data.unmatched_keys" in codes(table)) == (met < 4)


def test_keys_that_never_meet_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"y": ["Yes", "No"] * 2, "decided": ["yes", "no"] * 2, "key": list("abcd")}
    )
    people = pd.DataFrame({"key": list("ABCD"), "group": list("abcd")})
    people.to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(InputError, match="no value of key 'key'"):
        open_frame(tmp_path, frame, positive="Yes", protected_path="people.csv", key="key")


def test_dropped_rows_are_gone_everywhere(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No", "?"] * 6, "decided": ["yes", "no", "no"] * 6,
                          "group": range(18)})  # fmt: skip
    table = open_frame(tmp_path, frame, positive="Yes", drop="?")
    assert table.rows == 12
    kept = read_kept(table)
    assert list(kept["group"]) == [str(i) for i in range(18) if i % 3 < 2]
    assert list(kept["row"]) == [str(i) for i in range(12)]
    assert list(table.read_rows([2, 3])["group"]) == [3, 4]
    assert "6 rows are left out" in table.notices[0].text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Yes", "yes ", True), ("Yes.", "YES", True), ("1", "1.0", True), ("01", "1", True),
        ("a  b", "A b", True), ("\u00e9", "e\u0301", True), ("1.1", "1.2", False),
        ("Yes", "Yess", False), ("nan", "", False), ("-0", "0", True), ("1e400", "2e400", False),
    ],
)  # fmt: skip
def test_what_is_left_of_a_value(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same
    assert bool(find_similar([one, other])) is same
