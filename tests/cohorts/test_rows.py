"""Rows that conditions describe: exactly those of the groups, exactly those counted by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.builtin import CUBE_CHECKS
from audits.checks.data.profile import PROFILE
from audits.checks.fairness.interventions import INTERVENTIONS
from audits.cohorts.conditions import RunColumns, list_run_columns, render_group_condition
from audits.cohorts.measure import measure_cohort
from audits.cohorts.rows import find_cohort_rows
from audits.core.errors import CheckNotApplicableError, InputError
from audits.core.report.report import AuditReport, CheckStatus
from audits.cube.counts.view import compute_view
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.pipeline.run import run_audit
from audits.slices.conditions import find_rows, parse_condition
from dashboard.viewmodels.run import RunData

ROWS = 1_200
ODD_EDGE = 33.3333333333
CHECKS = (PROFILE, *(check for check in CUBE_CHECKS if check is not INTERVENTIONS))
SETTINGS = """
[audit]
name = "People"
task = "binary"
[data]
path = "{file}"
target = "paid"
positive = "paid & done"
protected = ["age", "sex", "half"]
[data.edges]
age = [25, 33.3333333333, 60]
[data.reference_groups]
sex = "f & f"
[predictions]
label = "granted"
score = "risk"
"""


def make_people() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    age = draw.integers(18, 80, ROWS).astype(float)
    age[::7] = ODD_EDGE
    age[::11] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "sex": draw.choice(["f", "m", "f & f", "= x"], ROWS, p=[0.4, 0.4, 0.15, 0.05]),
            "half": draw.choice([0.0, 1.0, 1.5, -2.25], ROWS),
            "district": draw.choice(["north", "is missing", ""], ROWS),
            "risk": draw.random(ROWS).round(3),
            "granted": draw.integers(0, 2, ROWS),
            "paid": draw.choice(["paid & done", "owing", ""], ROWS, p=[0.5, 0.4, 0.1]),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


def audit(folder: Path, rows: pd.DataFrame, name: str) -> RunData:
    rows.to_csv(folder / f"{name}.csv", index=False)
    text = SETTINGS.format(file=f"{name}.csv")
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return RunData(run_audit(folder / f"{name}.toml", folder / f"run-{name}", checks=CHECKS))


@pytest.fixture(scope="module")
def people(folder: Path) -> RunData:
    return audit(folder, make_people(), "people")


def columns_of(run: RunData) -> RunColumns:
    path = run.bundle.evidence_path("predictions.parquet")
    return list_run_columns(run.spec, run.cube, pq.read_schema(path).names)


def never(conditions: Sequence[str]) -> np.ndarray:
    raise AssertionError(f"the data was asked for {conditions}")


def find(run: RunData, *conditions: str) -> np.ndarray:
    path = run.bundle.evidence_path("predictions.parquet")
    return find_cohort_rows(path, columns_of(run), conditions, never)


@pytest.fixture(scope="module")
def find_in_data(people: RunData) -> Iterator[Callable[..., np.ndarray]]:
    """Conditions asked of the audited data itself, read again."""
    with connect() as connection:
        table = open_table(connection, people.spec, people.bundle.origin)
        yield lambda *words: find_rows(
            table, [parse_condition(one, table.columns) for one in words]
        )


Ask = Callable[..., np.ndarray]


@pytest.mark.parametrize("attribute", ["age", "sex", "half"])
def test_condition_of_a_group_has_exactly_its_rows(
    people: RunData, find_in_data: Ask, attribute: str
) -> None:
    view = compute_view(people.cube, (attribute,))
    assert len(view.labels) >= 4
    covered = np.zeros(ROWS, dtype=int)
    for label, rows in zip(view.labels, view.rows, strict=True):
        words = render_group_condition(people.spec, attribute, label)
        inside = find(people, words)
        assert inside.sum() == rows
        # The same words, taken by another run as a condition on its data, mean the same rows.
        assert np.array_equal(inside, find_in_data(words)), words
        covered += inside
    assert (covered == 1).all()


def test_group_words_keep_every_digit_of_an_edge(people: RunData) -> None:
    words = [render_group_condition(people.spec, "age", x) for x in people.cube.groups["age"]]
    assert "age 33.3333333333 to under 60" in words
    assert "age is missing" in words
    rows = make_people()
    inside = find(people, "age 33.3333333333 to under 60")
    assert inside.sum() == ((rows["age"] >= ODD_EDGE) & (rows["age"] < 60)).sum()


def test_own_columns_are_read_from_the_run(people: RunData) -> None:
    rows = make_people()
    wrong = find(people, "the decision = yes", "the outcome = no")
    assert np.array_equal(wrong, (rows["granted"] == 1) & (rows["paid"] == "owing"))
    named = find(people, "the outcome = paid & done", "the score 0.4 to under 0.6")
    part = rows["risk"].between(0.4, 0.6, inclusive="left")
    assert np.array_equal(named, (rows["paid"] == "paid & done") & part)
    assert np.array_equal(find(people, "the outcome is missing"), rows["paid"] == "")
    with pytest.raises(InputError, match="maybe"):
        find(people, "the decision = maybe")
    with pytest.raises(InputError, match="the score over"):
        find(people, "the score over 3")


def test_other_columns_are_asked_of_the_data(people: RunData, find_in_data: Ask) -> None:
    asked: list[Sequence[str]] = []

    def find_some(conditions: Sequence[str]) -> np.ndarray:
        asked.append(conditions)
        return find_in_data(*conditions)

    path = people.bundle.evidence_path("predictions.parquet")
    inside = find_cohort_rows(
        path, columns_of(people), ("sex = f", "district is missing", "risk under 0.5"), find_some
    )
    rows = make_people()
    by_hand = (rows["sex"] == "f") & (rows["district"] == "") & (rows["risk"] < 0.5)
    assert asked == [["district is missing", "risk under 0.5"]]
    assert np.array_equal(inside, by_hand)
    with pytest.raises(InputError, match="not understood"):
        find_cohort_rows(path, columns_of(people), ["nothing = 1"], find_some)


def test_equal_means_equal_also_for_decimals(find_in_data: Ask) -> None:
    rows = make_people()
    assert find_in_data("half = 1").sum() == (rows["half"] == 1.0).sum()
    assert find_in_data("half = -2.25").sum() == (rows["half"] == -2.25).sum()


def measure(run: RunData, inside: np.ndarray) -> AuditReport:
    return measure_cohort(run.bundle, run.spec, run.policy, run.cube, inside).report


def test_cohort_has_the_numbers_of_an_audit_of_its_rows_alone(
    people: RunData, folder: Path
) -> None:
    rows = make_people()
    chosen = rows["district"] == "north"
    alone = audit(folder, rows[chosen], "north").report
    seen = measure(people, chosen.to_numpy())
    mine = {item.id: item for item in seen.measurements}
    theirs = {item.id: item for item in alone.measurements if item.metric != "missing_share"}
    assert mine.keys() == theirs.keys()
    assert len(mine) > 400
    assert all(mine[name] == theirs[name] for name in mine)
    assert seen.verdicts == alone.verdicts
    assert len(seen.verdicts) > 10
    assert seen.subject.data.rows == chosen.sum() == alone.subject.data.rows


def test_numbers_by_hand(people: RunData) -> None:
    rows = make_people()
    found = measure(people, find(people, "age under 25", "sex = f"))
    part = rows[(rows["age"] < 25) & (rows["sex"] == "f")]
    rate = found.by_id["selection_rate"]
    assert rate.estimate is not None
    assert rate.estimate.n == len(part)
    assert rate.value == pytest.approx((part["granted"] == 1).mean())
    known = part[part["paid"] != ""]
    accuracy = found.by_id["accuracy"]
    right = (known["granted"] == 1) == (known["paid"] == "paid & done")
    assert accuracy.value == pytest.approx(right.mean())


def test_few_rows_have_wide_intervals_and_no_verdict_of_failure(people: RunData) -> None:
    three = np.zeros(ROWS, dtype=bool)
    three[[3, 40, 500]] = True
    found = measure(people, three)
    assert found.subject.data.rows == 3
    assert {verdict.status.value for verdict in found.verdicts} <= {
        "insufficient", "not_applicable"
    }  # fmt: skip
    statuses = {check.status for check in found.checks}
    assert CheckStatus.ERROR not in statuses


@pytest.mark.parametrize("row", [0, 7, 8])
def test_one_row_breaks_no_check(people: RunData, row: int) -> None:
    one = np.arange(ROWS) == row
    assert all(check.status is not CheckStatus.ERROR for check in measure(people, one).checks)


def test_no_rows_are_refused(people: RunData) -> None:
    with pytest.raises(CheckNotApplicableError, match="no row"):
        measure(people, np.zeros(ROWS, dtype=bool))
