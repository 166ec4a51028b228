"""Columns that encode one category: found, moved as one, priced as the category that they are."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from audits.core.errors import InputError
from audits.core.settings.recourse import RecourseSection
from audits.recourse.columns import build_columns
from audits.recourse.engines.engines import ENGINES
from audits.recourse.engines.postprocess import RecourseTask
from audits.recourse.rules.blocks import find_blocks, name_block
from audits.recourse.rules.constraints import equip_columns
from audits.recourse.rules.edits import find_violations
from audits.recourse.rules.rules import ActionRules, RowLimits, build_rules
from audits.recourse.search.goals import ReachScore
from audits.recourse.search.plausibility import Bounds

JOBS = np.array(["clerk", "nurse", "driver", "none"])


def draw(n: int = 300, seed: int = 0, **shares: float) -> pd.DataFrame:
    """Rows with `age`, `income`, a job of JOBS and a home of two."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": generator.integers(18, 75, n),
            "income": np.round(generator.normal(30, 8, n), 1),
            "job": generator.choice(JOBS, n, p=[0.4, 0.3, 0.2, 0.1]),
            "home": generator.choice(["own", "rent"], n),
        }
    )


def encode(rows: pd.DataFrame, dtype: type = bool, sep: str = "_") -> pd.DataFrame:
    return pd.get_dummies(rows, columns=["job", "home"], dtype=dtype, prefix_sep=sep)


FOUND = (
    ("job_clerk", "job_driver", "job_none", "job_nurse"),
    ("home_own", "home_rent"),
)


@pytest.mark.parametrize("dtype", [bool, int, float, np.uint8])
@pytest.mark.parametrize("sep", ["_", "=", ".", "__", ": ", "-"])
def test_dummies_are_found(dtype, sep) -> None:
    wanted = tuple(tuple(name.replace("_", sep, 1) for name in names) for names in FOUND)
    assert find_blocks(encode(draw(), dtype, sep)) == wanted
    assert [name_block(names) for names in wanted] == ["job", "home"]


def test_what_only_looks_alike_is_no_block() -> None:
    frame = encode(draw())
    one = frame.copy()
    one.loc[5, "job_clerk"] = one.loc[5, "job_nurse"] = True  # two jobs in one row
    assert find_blocks(one) == FOUND[1:]
    none = frame.copy()
    none.loc[5, list(FOUND[0])] = False  # no job
    assert find_blocks(none) == FOUND[1:]
    missing = frame.astype({"job_clerk": object})
    missing.loc[5, "job_clerk"] = None
    assert find_blocks(missing) == FOUND[1:]
    renamed = frame.rename(columns={"home_own": "owner", "home_rent": "tenant"})
    assert find_blocks(renamed) == FOUND[:1], "names that begin differently"
    assert find_blocks(frame, apart=["home_own"]) == FOUND[:1], "a rule of its own"


def test_a_coincidence_is_no_block() -> None:
    """Independent columns that are set in so few rows that none of them has two."""
    rows = 400
    flags = np.zeros((rows, 3), dtype=int)
    flags[:, 0] = 1
    flags[3, :2] = [0, 1]
    always = pd.DataFrame(flags, columns=["has_phone", "has_car", "has_boat"])
    assert find_blocks(always) == (), "399 of 400 have a phone, and one has a car"
    assert find_blocks(always.iloc[10:]) == (), "one column is always set"
    generator = np.random.default_rng(0)
    tossed = pd.DataFrame(generator.integers(0, 2, (4, 2)), columns=["has_a", "has_b"])
    tossed["has_b"] = 1 - tossed["has_a"]
    assert find_blocks(tossed) == (), "four tosses of two coins"
    assert find_blocks(pd.concat([tossed] * 5)) == (("has_a", "has_b"),)


def test_a_longer_name_inside_another_one() -> None:
    generator = np.random.default_rng(0)
    kind = generator.choice(["a", "b"], 200)
    job = generator.choice(["x", "y", "z"], 200)
    frame = pd.get_dummies(pd.DataFrame({"job": job, "job_kind": kind}))
    assert find_blocks(frame) == (("job_x", "job_y", "job_z"), ("job_kind_a", "job_kind_b"))


def test_names_in_other_letters() -> None:
    frame = encode(draw()).rename(columns=lambda name: name.replace("job", "größe_α"))
    (first, _) = find_blocks(frame)
    assert name_block(first) == "größe α"


def test_a_value_that_the_reference_never_has_belongs_to_its_block() -> None:
    frame = encode(draw()).assign(job_pilot=False)
    assert set(find_blocks(frame)[0]) == {*FOUND[0], "job_pilot"}


def test_thousands_of_columns_take_a_moment() -> None:
    generator = np.random.default_rng(0)
    width, rows = 40, 2_000
    parts = [
        pd.DataFrame(np.eye(width, dtype=bool)[generator.integers(0, width, rows)],
                     columns=[f"form_{block}_{value}" for value in range(width)])
        for block in range(50)
    ]  # fmt: skip
    began = time.process_time()
    found = find_blocks(pd.concat(parts, axis=1))
    assert [len(names) for names in found] == [width] * 50
    assert time.process_time() - began < 20


def make_predict(weights: dict[str, float], columns: list[str], cut: float):
    """A model of a weighted sum, with a step in it, so that it is neither linear nor smooth."""
    weight = np.array([weights.get(name, 0.0) for name in columns])

    def predict(frame: pd.DataFrame) -> np.ndarray:
        assert list(frame.columns) == columns
        total = frame.to_numpy(dtype=np.float64) @ weight
        return 1 / (1 + np.exp(-(total + 0.5 * (total > cut - 0.3) - cut)))

    return predict


def make_task(frame: pd.DataFrame, predict, rules: ActionRules, **more) -> RecourseTask:
    rejected = frame[predict(frame) < 0.5].iloc[:25]
    rejected.index = [f"row-{place}" for place in range(len(rejected))]
    given = {"answers": 3, "max_changes": 2, "budget_s": 600.0} | more
    return RecourseTask(
        predict=predict, rows=rejected, reference=frame, rules=rules, goal=ReachScore(0.5),
        generator=np.random.default_rng(0), **given,
    )  # fmt: skip


WEIGHTS = st.fixed_dictionaries(
    {
        "age": st.floats(-0.05, 0.05),
        "income": st.floats(-0.1, 0.1),
        **{name: st.floats(-3, 3) for names in FOUND for name in names},
    }
)


@given(
    weights=WEIGHTS,
    dtype=st.sampled_from([bool, int, float]),
    engine=st.sampled_from(["search", "nearest"]),
    still=st.sampled_from([(), ("home_own", "home_rent"), ("job_none",)]),
    seed=st.integers(0, 50),
)
@settings(max_examples=60)
def test_no_answer_sets_two_or_none_or_what_stays(weights, dtype, engine, still, seed) -> None:
    frame = encode(draw(seed=seed), dtype)
    columns = list(frame.columns)
    scores = frame.to_numpy(dtype=np.float64) @ [weights.get(name, 0.0) for name in columns]
    predict = make_predict(weights, columns, float(np.quantile(scores, 0.7)))
    section = RecourseSection(immutable=still, increase_only=("age",))
    task = make_task(frame, predict, build_rules(section, columns, frame))
    for result in ENGINES[engine](task).results:
        for answer in result.answers:
            row = task.rows.loc[result.row]
            for names in FOUND:
                assert sum(bool(answer.values[name]) for name in names) == 1
            assert all(answer.values[name] == row[name] for name in still)
            assert answer.values["age"] >= row["age"]
            acts = {
                change.column for change in answer.changes if change.column in ("age", "income")
            }
            acts |= {names for names in FOUND if any(c.column in names for c in answer.changes)}
            assert 1 <= len(acts) <= task.max_changes
            changed = pd.DataFrame([answer.values]).astype(frame.dtypes)[columns]
            assert predict(changed)[0] >= 0.5


@given(weights=WEIGHTS, dtype=st.sampled_from([bool, int]), seed=st.integers(0, 20))
@settings(max_examples=25)
def test_answers_are_those_of_the_category_itself(weights, dtype, seed) -> None:
    """The same model of the same people, with the job as a text: as many ways, as dear."""
    texts = draw(seed=seed)
    frame = encode(texts, dtype)
    columns = list(frame.columns)
    scores = frame.to_numpy(dtype=np.float64) @ [weights.get(name, 0.0) for name in columns]
    predict = make_predict(weights, columns, float(np.quantile(scores, 0.7)))

    def predict_texts(rows: pd.DataFrame) -> np.ndarray:
        return predict(encode(rows, dtype).reindex(columns=columns, fill_value=dtype(0)))

    rules = build_rules(RecourseSection(), columns, frame)
    assert rules.blocks == FOUND
    plain = ENGINES["search"](make_task(texts, predict_texts, ActionRules(), answers=1))
    ours = ENGINES["search"](make_task(frame, predict, rules, answers=1))
    for one, other in zip(plain.results, ours.results, strict=True):
        assert len(one.answers) == len(other.answers)
        for found, also in zip(one.answers, other.answers, strict=True):
            assert also.cost == pytest.approx(found.cost)


@pytest.fixture
def loans() -> RecourseTask:
    """Nurses and owners are accepted."""
    frame = encode(draw())
    weights = {"job_nurse": 3.0, "home_own": 1.0}
    predict = make_predict(weights, list(frame.columns), 2.5)
    rules = build_rules(RecourseSection(), list(frame.columns), frame)
    return make_task(frame, predict, rules, answers=5)


def list_jobs(task: RecourseTask, engine: str = "search") -> set[str]:
    found = [a for result in ENGINES[engine](task).results for a in result.answers]
    return {name for answer in found for name in FOUND[0] if answer.values[name]}


@pytest.mark.parametrize("engine", ["search", "nearest"])
def test_rules_for_one_of_the_columns_hold(loans, engine) -> None:
    assert "job_nurse" in list_jobs(loans, engine)
    rules = replace(loans.rules, immutable=frozenset({"job_nurse"}))
    assert "job_nurse" not in list_jobs(replace(loans, rules=rules), engine)
    clerks = replace(loans.rules, increase_only=frozenset({"job_clerk"}))
    stays = ENGINES[engine](replace(loans, rules=clerks))
    for result in stays.results:
        if loans.rows.loc[result.row, "job_clerk"]:
            assert all(answer.values["job_clerk"] for answer in result.answers)
    one = loans.rows.index[0]
    limited = replace(loans.rules, limits=MappingProxyType({one: RowLimits(frozenset(FOUND[0]))}))
    first = ENGINES[engine](replace(loans, rules=limited)).results[0]
    row = loans.rows.loc[one]
    for answer in first.answers:
        assert all(answer.values[name] == row[name] for name in FOUND[0])


def test_rules_between_the_columns_hold_beside_it(loans) -> None:
    """As people wrote before sets were found: the sum of the columns is 1."""
    section = RecourseSection(rules=("job_clerk + job_driver + job_none + job_nurse = 1",))
    frame = encode(draw(), int)
    rules = build_rules(section, list(frame.columns), frame)
    predict = make_predict({"job_nurse": 3.0, "home_own": 1.0}, list(frame.columns), 2.5)
    task = make_task(frame, predict, rules)
    assert "job_nurse" in list_jobs(task)


def test_a_row_with_none_or_two_or_a_missing_one_ends_with_one(loans) -> None:
    rows = loans.rows.iloc[:3].astype(dict.fromkeys(FOUND[0], object))
    rows[list(FOUND[0])] = False
    rows.iloc[1, [rows.columns.get_loc(name) for name in ("job_clerk", "job_none")]] = True
    frame = encode(draw(), float)
    rows = rows.astype({**dict.fromkeys(FOUND[0], float), "home_own": float, "home_rent": float})
    rows.iloc[2, rows.columns.get_loc("job_clerk")] = np.nan
    plain = make_predict({"job_nurse": 3.0, "home_own": 1.0}, list(frame.columns), 2.5)
    task = replace(loans, rows=rows, reference=frame, predict=lambda x: plain(x.fillna(0)),
                   rules=build_rules(RecourseSection(), list(frame.columns), frame))  # fmt: skip
    for result in ENGINES["search"](task).results:
        assert result.answers
        for answer in result.answers:
            if any(change.column in FOUND[0] for change in answer.changes):
                assert [answer.values[name] for name in FOUND[0]].count(1.0) == 1
                assert sum(answer.values[name] == 0.0 for name in FOUND[0]) == 3


def test_bounds_and_prices(loans) -> None:
    near = ENGINES["search"](replace(loans, bounds=Bounds(max_distance=0.05)))
    for result in near.results:
        assert all(answer.distance <= 0.05 for answer in result.answers)
    section = RecourseSection(costs={"job_nurse": 7.0})
    frame = loans.reference
    rules = build_rules(section, list(frame.columns), frame)
    columns = {c.name: c for c in equip_columns(build_columns(frame, frame), rules)}
    off, on = np.array([0.0]), np.array([1.0])
    assert columns["job_nurse"].cost(off, on) == [7.0]
    assert columns["job_clerk"].cost(off, on) == [1.0]
    assert columns["job_clerk"].cost(on, off) == [0.0]
    dear = [a for r in ENGINES["search"](replace(loans, rules=rules)).results for a in r.answers]
    assert {a.cost for a in dear if a.values["job_nurse"] and len(a.changes) == 2} <= {7.0, 8.0}


def test_an_edit_by_hand_that_sets_two_or_none_is_told(loans) -> None:
    before = loans.rows.iloc[[0]]
    [mine] = [name for name in FOUND[0] if before[name].iloc[0]]
    other = next(name for name in FOUND[0] if name != mine)
    for edits, broken in (
        ({other: True}, True),
        ({mine: False}, True),
        ({mine: False, other: True}, False),
        ({"income": 40.0}, False),
    ):
        told = find_violations(loans.rules, loans.reference, before, before.assign(**edits))
        assert [one.setting for one in told] == (["one_hot"] if broken else [])


def test_declared_sets_win() -> None:
    frame = encode(draw())
    columns = list(frame.columns)
    none = build_rules(RecourseSection(one_hot=()), columns, frame)
    assert none.blocks == ()
    mine = build_rules(RecourseSection(one_hot=(("job_clerk", "job_nurse"),)), columns, frame)
    assert mine.blocks == (("job_clerk", "job_nurse"),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((("job_clerk",),), "names one column"),
        ((("job_clerk", "job_nurse"), ("job_nurse", "job_none")), "'job_nurse' is in two sets"),
        ((("job_clerk", "job_clark"),), "did you mean 'job_clerk'"),
        ((("job_clerk", "income"),), "'income' holds"),
    ],
)
def test_a_wrong_set_is_refused_in_one_line(given, said) -> None:
    frame = encode(draw())
    with pytest.raises((InputError, ValueError), match=said):
        build_rules(RecourseSection(one_hot=given), list(frame.columns), frame)
