"""Guesses about columns: on real files, and on names that mean something else than they look."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.data.preview.guess import (
    guess_positive,
    guess_predictions,
    guess_roles,
    guess_target,
    guess_task,
    is_protected_name,
    round_edges,
    suggest_protected,
)
from audits.data.preview.preview import inspect_data
from audits.data.schema import Column, Kind


def column(name: str, kind: Kind = "text", distinct: int = 2) -> Column:
    return Column(name, kind, 0, distinct)


@pytest.mark.parametrize(
    ("file", "target", "task", "positive", "protected", "identity"),
    [
        ("adult_test.csv", "income", "binary", ">50K",
         ("age", "marital_status", "race", "sex"), ""),
        ("german_credit.csv", "credit_risk", "binary", None,
         ("personal_status_sex", "age", "foreign_worker"), ""),
        ("heart_cleveland.csv", "num", "multiclass", None, ("age", "sex"), ""),
        ("diabetes130.csv.gz", "readmitted", "multiclass", None,
         ("race", "gender", "age"), "encounter_id"),
    ],
)  # fmt: skip
def test_real_files(
    shared_data: Path, file: str, target: str, task: str, positive: str | None,
    protected: tuple[str, ...], identity: str,
) -> None:  # fmt: skip
    raw = inspect_data(shared_data / file)
    missing = tuple(one.text for one in raw.missing if one.sure)
    preview = inspect_data(shared_data / file, missing) if missing else raw
    roles = guess_roles([one.column for one in preview.columns], rows=preview.looked)
    assert (roles.target, roles.protected, roles.id) == (target, protected, identity)
    found = preview.by_name[target]
    assert guess_task(found.column) == task
    # 1 and 2, five grades of disease, three kinds of readmission: nothing says which is good.
    assert guess_positive(target, found.values) == positive


@pytest.mark.parametrize(
    "name", ["sex", "Gender", "applicant_ethnicity", "maritalStatus", "age", "AGE_YEARS", "is_married",
             "religiousBelief", "native_country", "disabilityStatus"],
)  # fmt: skip
def test_protected_names(name: str) -> None:
    assert is_protected_name(name)


@pytest.mark.parametrize(
    "name", ["usage", "average_income", "message", "mortgage", "language_count", "agePct12t21",
             "racepctblack", "essex", "page", "income", "raceShare"],
)  # fmt: skip
def test_names_that_only_look_protected(name: str) -> None:
    assert not is_protected_name(name)


def test_texts_of_many_values_are_not_suggested() -> None:
    columns = [column("race", distinct=5), column("native_country", distinct=41),
               column("age", "integer", 70), column("gender", distinct=1)]  # fmt: skip
    assert suggest_protected(columns) == ("race", "age")


@pytest.mark.parametrize(
    ("target", "values", "favourable"),
    [
        ("repaid", ("no", "yes"), "yes"),
        ("loan_default", (0, 1), 0),
        ("two_year_recid", ("0", "1"), "0"),
        ("approved", (False, True), True),
        ("status", ("accepted", "rejected"), "accepted"),
        ("status", ("rejected", "other"), "other"),
        ("credit_risk", (1, 2), None),
        ("colour", ("red", "blue"), None),
        ("grade", ("a", "b", "c"), None),
    ],
)
def test_favourable_value(target: str, values: tuple, favourable: object) -> None:
    assert guess_positive(target, values) == favourable


def test_what_a_model_reads_is_not_its_target() -> None:
    columns = [column("a"), column("outcome"), column("b")]
    assert guess_target(columns) == "outcome"
    assert guess_target(columns, features={"outcome"}, task="binary", classes=2) == "b"
    assert guess_target(columns, features={"a", "b", "outcome"}) == ""


def test_kinds_of_prediction() -> None:
    assert guess_task(column("y", "number", 2)) == "binary"
    assert guess_task(column("y", "text", 7)) == "multiclass"
    assert guess_task(column("y", "integer", 5)) == "multiclass"
    assert guess_task(column("y", "number", 900)) == "regression"


def test_decisions_and_scores_are_found() -> None:
    columns = [
        column("sex"),
        column("decided"),
        column("risk_score", "number", 90),
        column("repaid"),
    ]
    assert guess_predictions(columns) == ("decided", "risk_score")
    assert guess_predictions([column("sex")]) == ("", "")


def test_edges_are_round_and_leave_no_side_empty() -> None:
    assert round_edges("age", (28.0, 44.0), 17.0, 90.0) == (30.0, 45.0)
    assert round_edges("age", (18.0, 19.0), 18.0, 19.0) == ()
    assert round_edges("income", (1234.0, 56789.0), 0.0, 1e6) == (1200.0, 57000.0)
