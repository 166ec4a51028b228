"""What `[recourse]` leaves open: who stays as they are, who only gets older, what is one choice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from audits.core.settings.recourse import RecourseSection
from audits.recourse.engines.engines import ENGINES
from audits.recourse.engines.postprocess import RecourseTask
from audits.recourse.rules.defaults import is_age, resolve_recourse
from audits.recourse.rules.rules import build_rules
from audits.recourse.search.goals import ReachScore


def draw(n: int = 200, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 75, n),
            "income": generator.normal(30, 8, n).round(1),
            "sex": generator.choice(["F", "M"], n),
            "race": generator.choice(["a", "b", "c"], n),
            "job": generator.choice(["clerk", "nurse", "none"], n),
        }
    )
    return pd.get_dummies(frame, columns=["race", "job"])


RACE = ("race_a", "race_b", "race_c")
JOB = ("job_clerk", "job_none", "job_nurse")


@pytest.mark.parametrize(
    "name",
    ["age", "Age", "AGE", "age_years", "age_in_years", "applicant_age", "applicantAge", "Age (y)",
     "customer.age", "age_group", "person_age"],
)  # fmt: skip
def test_plainly_an_age(name) -> None:
    assert is_age(name)


@pytest.mark.parametrize(
    "name",
    ["page", "mileage", "average", "account_age", "age_of_car", "vehicle_age", "wage", "agency",
     "language", "usage", "age_at_hire", "home_age", "age2"],
)  # fmt: skip
def test_not_plainly_a_persons_age(name) -> None:
    assert not is_age(name)


CASES = {
    "nothing is declared": ({}, ["sex", "race"], ("sex", *RACE), ("age",)),
    "age is protected": ({}, ["age", "sex"], ("sex",), ("age",)),
    "nobody is protected": ({}, [], (), ("age",)),
    "protected, but not the model's": ({}, ["ethnicity"], (), ("age",)),
    "protected in other letters": ({}, ["Race"], RACE, ("age",)),
    "one of the encoded columns": ({}, ["race_a"], ("race_a",), ("age",)),
    "may change": ({"mutable": ["sex", "age"]}, ["sex", "age"], (), ()),
    "some may change": ({"mutable": ["race_a"]}, ["race"], ("race_b", "race_c"), ("age",)),
    "stays already": ({"immutable": ["sex", "age"]}, ["sex", "age"], ("sex", "age"), ()),
    "an age that falls": ({"decrease_only": ["age"]}, ["age"], (), ()),
    "an age that rises": ({"increase_only": ["age"]}, ["age"], (), ("age",)),
    "a range of ages": ({"ranges": {"age": (18, 60)}}, ["age"], (), ("age",)),
    "moves are listed": ({"transitions": {"sex": ("F -> M",)}}, ["sex"], (), ("age",)),
    "values are listed": ({"allowed": {"sex": ("F", "M")}}, ["sex"], (), ("age",)),
    "a price is set": ({"costs": {"sex": 3.0}}, ["sex"], (), ("age",)),
    "a rule between columns is no leave": (
        {"rules": ("if sex changes then income rises",)}, ["sex"], ("sex",), ("age",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_defaults(case) -> None:
    declared, protected, fixed, rising = CASES[case]
    frame = draw()
    resolved = resolve_recourse(RecourseSection(**declared), protected, frame).section
    assert set(resolved.immutable) == set(fixed)
    assert resolved.increase_only == rising
    build_rules(resolved, list(frame.columns), frame)  # nothing contradicts what was declared


def test_an_age_without_an_order_stays() -> None:
    frame = draw()
    frame["age"] = np.where(frame["age"] > 40, "over 40", "up to 40")
    resolved = resolve_recourse(RecourseSection(), [], frame).section
    assert resolved.immutable == ("age",)
    banded = pd.get_dummies(frame, columns=["age"])
    resolved = resolve_recourse(RecourseSection(), [], banded).section
    assert resolved.immutable == ("age_over 40", "age_up to 40")


def test_what_was_settled_is_told() -> None:
    resolved = resolve_recourse(RecourseSection(), ["sex"], draw())
    assert resolved.section.one_hot == (RACE, JOB)
    told = {notice.code: notice.text for notice in resolved.notices}
    assert told["recourse.defaults"] == (
        "For recourse 'sex' stays as it is and 'age' only rises, since nothing else is declared; "
        "where it is otherwise, name the column in [recourse] mutable."
    )
    assert "race ('race_a', 'race_b', 'race_c'); job (" in told["recourse.one_hot"]


def test_what_was_declared_needs_no_word() -> None:
    declared = RecourseSection(immutable=("sex",), increase_only=("age",), one_hot=(JOB,))
    resolved = resolve_recourse(declared, ["sex"], draw())
    assert resolved.section == declared
    assert resolved.notices == ()


def test_settling_twice_changes_nothing() -> None:
    once = resolve_recourse(RecourseSection(), ["sex", "race"], draw())
    twice = resolve_recourse(once.section, ["sex", "race"], draw())
    assert twice.section == once.section
    assert twice.notices == ()


@given(
    weights=st.lists(st.floats(-2, 2), min_size=9, max_size=9),
    protected=st.sets(st.sampled_from(["sex", "race", "age", "job"])),
    engine=st.sampled_from(["search", "nearest"]),
    seed=st.integers(0, 30),
)
@settings(max_examples=40)
def test_nobody_becomes_somebody_else_or_younger(weights, protected, engine, seed) -> None:
    frame = draw(seed=seed)
    columns = list(frame.columns)
    scale = np.array([0.05, 0.1, 1, 1, 1, 1, 1, 1, 1]) * weights

    def compute_margin(rows: pd.DataFrame) -> np.ndarray:
        return rows.assign(sex=rows["sex"] == "M").to_numpy(dtype=np.float64) @ scale

    cut = float(np.quantile(compute_margin(frame), 0.6))

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return 1 / (1 + np.exp(cut - compute_margin(rows)))

    section = resolve_recourse(RecourseSection(), protected, frame).section
    rejected = frame[predict(frame) < 0.5].iloc[:20].rename(index=str)
    task = RecourseTask(
        predict=predict, rows=rejected, reference=frame, goal=ReachScore(0.5), answers=2,
        rules=build_rules(section, columns, frame), max_changes=3, budget_s=600.0,
        generator=np.random.default_rng(0),
    )  # fmt: skip
    stays = {name for name in columns if name.split("_")[0] in protected and name != "age"}
    for result in ENGINES[engine](task).results:
        row = rejected.loc[result.row]
        for answer in result.answers:
            assert all(answer.values[name] == row[name] for name in stays)
            assert answer.values["age"] >= row["age"]
            for names in (RACE, JOB):
                assert sum(answer.values[name] for name in names) == 1
