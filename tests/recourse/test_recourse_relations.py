"""Steps, allowed values, transitions, costs, links, rules between columns, single rows' rules.

The oracle of every rule is a plain Python function of one row, written beside its text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from audits.core.errors import InputError
from audits.core.settings.recourse import RecourseSection
from audits.recourse.rules.rules import RowLimits, build_rules
from audits.recourse.search.plausibility import Bounds
from audits.recourse.search.search import search_counterfactuals

LEVELS = ["school", "college", "master", "doctor"]
Row = dict[str, object]


def make_people(draw: np.random.Generator, n: int = 1_200) -> pd.DataFrame:
    age = draw.integers(18, 66, n)
    level = draw.integers(0, 4, n)
    frame = pd.DataFrame(
        {
            "age": age,
            "years": np.clip(age - 18 - draw.integers(0, 30, n), 0, None),
            "amount": draw.integers(100, 9_000, n),
            "education": np.array(LEVELS)[level],
            "education_num": level * 4 + 5,
            "housing": draw.choice(["rent", "own", "free"], n, p=[0.5, 0.3, 0.2]),
            "phone": draw.random(n) < 0.4,
        },
        index=[f"p{i}" for i in range(n)],
    )
    # some rows break the rules that tests hold: more years at work than since 16
    wrong = draw.random(n) < 0.05
    frame.loc[wrong, "years"] = frame.loc[wrong, "age"] - 10
    return frame


PEOPLE = make_people(np.random.default_rng(3))


def predict(frame: pd.DataFrame) -> np.ndarray:
    """A rule-based model in which every column counts and two columns often have to change."""
    worth = (
        0.05 * frame["years"].to_numpy()
        - 0.0004 * frame["amount"].to_numpy()
        + 0.12 * frame["education_num"].to_numpy()
        + 0.8 * (frame["housing"] == "own").to_numpy()
        + 0.4 * frame["phone"].to_numpy()
        + 0.01 * frame["age"].to_numpy()
        - 2.0
    )
    return 1 / (1 + np.exp(-worth))


REJECTED = PEOPLE[predict(PEOPLE) < 0.5]


def search(section: dict, rows: pd.DataFrame = REJECTED.iloc[:60], limits=None, **settings):
    rules = build_rules(RecourseSection(**section), list(PEOPLE.columns), PEOPLE, limits)
    chosen = {"threshold": 0.5, "generator": np.random.default_rng(0), "budget_s": 600.0}
    return search_counterfactuals(predict, rows, PEOPLE, rules, **{**chosen, **settings})


def pairs(results) -> list[tuple[Row, Row, object]]:
    return [
        (PEOPLE.loc[result.row].to_dict(), answer.values, answer)
        for result in results
        for answer in result.answers
    ]


def test_new_numbers_are_whole_multiples_of_their_step():
    found = pairs(search({"steps": {"amount": 250, "years": 2.5}, "immutable": ["housing"]}))
    moved = [(old, new) for old, new, _ in found if new["amount"] != old["amount"]]
    assert len(moved) > 20
    assert all(new["amount"] % 250 == 0 for _, new in moved)
    assert any(old["amount"] % 250 for old, _ in moved)  # off the grid themselves, left as read
    assert all(new["years"] in (old["years"], 2.5 * round(new["years"] / 2.5)) for old, new, _ in
               found)  # fmt: skip


def test_a_step_is_shrunk_to_the_nearest_multiple_that_still_flips():
    for old, new, answer in pairs(search({"steps": {"amount": 250}}, answers=1)):
        if [change.column for change in answer.changes] == ["amount"]:
            nearer = pd.DataFrame([{**old, "amount": new["amount"] + 250}])
            assert new["amount"] + 250 >= old["amount"] or predict(nearer)[0] < 0.5


def test_only_allowed_values_are_taken():
    section = {"allowed": {"amount": [500, 1_000, 2_000], "housing": ["own"]}}
    found = pairs(search(section))
    assert {new["amount"] for old, new, _ in found if new["amount"] != old["amount"]} <= {
        500, 1_000, 2_000,
    }  # fmt: skip
    assert {new["housing"] for old, new, _ in found if new["housing"] != old["housing"]} == {"own"}


def test_only_declared_transitions_are_made():
    section = {
        "transitions": {"housing": ["rent -> own"], "education": ["school -> college -> master"]},
        "immutable": ["education_num"],
    }
    found = pairs(search(section))
    moves = {(old["housing"], new["housing"]) for old, new, _ in found}
    assert {move for move in moves if move[0] != move[1]} == {("rent", "own")}


def test_costs_are_those_declared_and_decide_what_is_cheapest():
    dear = {"costs": {"amount": 1.0, "housing": {"rent -> own": 50.0, "free -> own": 0.001}}}
    for _, _, answer in pairs(search(dear, answers=3)):
        expected = 0.0
        for change in answer.changes:
            if change.column == "amount":
                expected += abs(change.new - change.old)
            elif change.column == "housing":
                moves = {("rent", "own"): 50.0, ("free", "own"): 0.001}
                expected += moves.get((change.old, change.new), 1.0)
            elif change.column in ("education", "phone"):
                expected += 1.0
            else:
                spread = np.median(np.abs(PEOPLE[change.column] - PEOPLE[change.column].median()))
                expected += abs(change.new - change.old) / (1.4826 * spread)
        assert answer.cost == pytest.approx(expected)

    def count_first(section: dict) -> int:
        best = [result.answers[0] for result in search(section) if result.answers]
        return sum(change.column == "amount" for answer in best for change in answer.changes)

    assert count_first(dear) < count_first({}) / 2


def test_columns_that_move_together_do():
    found = pairs(search({"links": {"education": "education_num"}}))
    table = dict(zip(LEVELS, (5, 9, 13, 17), strict=True))
    led = [(old, new, x) for old, new, x in found if new["education"] != old["education"]]
    assert led
    for old, new, answer in led:
        assert new["education_num"] == table[new["education"]]
        names = [change.column for change in answer.changes]
        assert ("education_num" in names) == (new["education_num"] != old["education_num"])
        spreads = {c for c in names if c not in ("education", "education_num")}
        assert spreads or answer.cost == 1.0  # what follows costs nothing more
    for old, new, _ in found:
        if new["education"] == old["education"]:
            assert new["education_num"] == old["education_num"]


def test_what_follows_obeys_its_own_rules():
    section = {"links": {"education": "education_num"}, "ranges": {"education_num": [0, 9]}}
    moved = [new for old, new, _ in pairs(search(section)) if new["education"] != old["education"]]
    assert {new["education_num"] for new in moved} <= {5, 9}


def test_rules_for_single_rows_hold_for_them_alone():
    rows = REJECTED.iloc[:40]
    first, second = rows.index[:2]
    limits = {
        first: RowLimits(frozenset({"housing", "amount"})),
        second: RowLimits(ranges={"amount": (3_000.0, 4_000.0)}),
    }
    free = {result.row: result for result in search({}, rows)}
    for result in search({}, rows, limits):
        if result.row not in limits:
            assert result == free[result.row]
        for answer in result.answers:
            names = {change.column for change in answer.changes}
            if result.row == first:
                assert not names & {"housing", "amount"}
            if result.row == second and "amount" in names:
                assert 3_000 <= answer.values["amount"] <= 4_000


RULES: list[tuple[str, Callable[[Row, Row], float]]] = [
    ("years <= age - 16", lambda _, new: max(0, new["years"] - new["age"] + 16)),
    ("2 * years + 0.01 * amount < 150", lambda _, new: max(0, 2 * new["years"] + 0.01 * new["amount"] - 149.999)),
    ("if education changes then age rises", lambda old, new: new["education"] != old["education"] and not new["age"] > old["age"]),
    ("if education changes then education_num changes", lambda old, new: new["education"] != old["education"] and new["education_num"] == old["education_num"]),
    ("if housing = 'own' then years >= 5", lambda _, new: max(0, 5 - new["years"]) if new["housing"] == "own" else 0),
    ("if amount falls and phone = 'no' then housing stays", lambda old, new: new["amount"] < old["amount"] and not new["phone"] and new["housing"] != old["housing"]),
    ("housing != 'free'", lambda _, new: new["housing"] == "free"),
    ("age - years != 20", lambda _, new: new["age"] - new["years"] == 20),
    ("if education_num >= 13 then age >= 25 and phone = 'yes'", lambda _, new: (max(0, 25 - new["age"]) + (not new["phone"])) if new["education_num"] >= 13 else 0),
]  # fmt: skip


@settings(
    max_examples=25, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(
    chosen=st.lists(st.integers(0, len(RULES) - 1), min_size=1, max_size=4, unique=True),
    start=st.integers(0, len(REJECTED) - 30),
    steps=st.booleans(),
    linked=st.booleans(),
    one_way=st.booleans(),
)
def test_random_rules_between_columns_are_always_kept(chosen, start, steps, linked, one_way):
    section = {"rules": [RULES[i][0] for i in chosen]}
    if steps:
        section["steps"] = {"amount": 100}
    if linked:
        section["links"] = {"education": "education_num"}
    if one_way:
        section |= {"increase_only": ["age"], "transitions": {"housing": ["rent -> own"]}}
    results = search(section, REJECTED.iloc[start : start + 25], answers=3)
    for old, new, answer in pairs(results):
        for i in chosen:
            text, breach = RULES[i]
            before, after = float(breach(old, old)), float(breach(old, new))
            assert after <= before + 1e-9, (text, old, new)
            assert (text in answer.broken_rules) == (after > 0)
        assert not steps or new["amount"] == old["amount"] or new["amount"] % 100 == 0
        if linked and new["education"] == old["education"]:
            assert new["education_num"] == old["education_num"]
        if one_way:
            assert new["age"] >= old["age"]
            assert (old["housing"], new["housing"]) == ("rent", "own") or (
                old["housing"] == new["housing"]
            )
    frame = pd.DataFrame([new for _, new, _ in pairs(results)]).astype(dict(PEOPLE.dtypes))
    assert not len(frame) or (predict(frame) >= 0.5).all()


def test_a_rule_that_needs_two_changes_is_answered_by_two():
    rules = ["if amount changes then phone changes"]
    fixed = ["housing", "years", "education", "education_num", "age"]
    found = [x for _, _, x in pairs(search({"rules": rules, "immutable": fixed}))]
    assert found
    for answer in found:
        names = {change.column for change in answer.changes}
        assert names in ({"amount", "phone"}, {"phone"})
    assert any(len(answer.changes) == 2 for answer in found)


def test_rules_that_leave_no_way_are_named_as_the_reason():
    fixed = ["years", "education", "education_num", "age", "phone", "housing"]
    rules = ["amount >= 9500"]
    wanted = REJECTED[(REJECTED["amount"] > 6_000)].iloc[:20]
    result = search({"rules": rules, "immutable": fixed}, wanted)
    reasons = {r.no_recourse.reason for r in result if r.no_recourse}
    assert any("breaks a rule between columns" in reason for reason in reasons)


def test_bounds_on_being_unlike_real_rows_are_kept_and_cost_answers():
    free = search({}, answers=2)
    near = search({}, answers=2, bounds=Bounds(max_distance=0.02))
    dense = search({}, answers=2, bounds=Bounds(min_density=0.8))
    assert all(x.distance <= 0.02 for _, _, x in pairs(near))
    assert all(x.density >= 0.8 for _, _, x in pairs(dense))
    assert max(x.distance for _, _, x in pairs(free)) > 0.02
    assert min(x.density for _, _, x in pairs(free)) < 0.8
    assert 0 < len(pairs(near)) < len(pairs(free))
    reasons = [r.no_recourse.reason for r in near if r.no_recourse]
    assert any("unlike any real row" in reason for reason in reasons)


def test_distance_and_density_are_as_documented():
    """By brute force over all accepted rows, column by column."""
    results = search({}, REJECTED.iloc[:10], answers=1)
    accepted = PEOPLE[predict(PEOPLE) >= 0.5]
    assert len(accepted) <= 1_000  # all of them are compared with
    width = PEOPLE.select_dtypes("int64").max() - PEOPLE.select_dtypes("int64").min()

    def distances(row: Row, rows: pd.DataFrame) -> np.ndarray:
        parts = [
            (rows[name] - row[name]).abs() / width[name]
            if name in width
            else (rows[name] != row[name]).astype(float)
            for name in PEOPLE.columns
        ]
        return np.mean(parts, axis=0)

    for _, new, answer in pairs(results):
        found = distances(new, accepted)
        nearest = np.argsort(found, kind="stable")[:5]
        assert answer.distance == pytest.approx(found.min())
        spacing = [
            np.sort(distances(accepted.iloc[i].to_dict(), accepted.drop(accepted.index[i])))[:5]
            for i in nearest
        ]
        expected = np.mean(spacing) / found[nearest].mean()
        assert answer.density == pytest.approx(min(expected, 10.0), rel=0.2)  # ties at the fifth


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"rules": ["yeers <= age"]}, "recourse.rules: the data has no column 'yeers'; did you"),
        ({"rules": ["housing <= 3"]}, "compares 'housing', which holds no numbers"),
        ({"rules": ["age = 'old'"]}, "compares 'age', which holds numbers, with the text 'old'"),
        ({"rules": ["phone = 'maybe'"]}, "write 'yes' or 'no'"),
        ({"rules": ["if age rises then housing falls"]}, "'falls' of 'housing', which holds texts"),
        ({"steps": {"housing": 1}}, "recourse.steps: column 'housing' does not hold numbers"),
        ({"transitions": {"age": ["1 -> 2"]}}, "'age' holds numbers, which have no transitions"),
        ({"allowed": {"age": ["old"]}}, "'age' holds numbers, but 'old' is none"),
        ({"costs": {"age": {"1 -> 2": 1}}}, "'age' holds numbers, which have no transitions"),
        ({"immutable": ["age"], "steps": {"age": 1}}, "both immutable and steps"),
        ({"links": {"education": "nothing"}}, "recourse.links: the data has no column 'nothing'"),
    ],
)
def test_rules_that_do_not_fit_the_data_are_refused(section, said):
    with pytest.raises(InputError) as error:
        build_rules(RecourseSection(**section), list(PEOPLE.columns), PEOPLE)
    assert said in str(error.value)


def test_a_rule_on_a_column_that_the_model_lacks_is_refused():
    features = [name for name in PEOPLE.columns if name != "age"]
    section = RecourseSection(rules=["years <= age - 16"])
    with pytest.raises(InputError, match="'age', which the model does not use"):
        build_rules(section, features, PEOPLE)


@pytest.mark.parametrize(
    "section",
    [
        {"rules": ["years <="]},
        {"transitions": {"housing": ["rent"]}},
        {"costs": {"housing": {"rent": 1}}},
        {"costs": {"age": -1}},
        {"steps": {"age": 0}},
        {"allowed": {"age": []}},
        {"links": {"a": "b", "b": "c"}},
        {"links": {"a": "c", "b": "c"}},
        {"target": [3, 1]},
        {"target": [1]},
        {"target": {"at_least": 3, "at_most": 1}},
        {"target": {}},
    ],
)
def test_what_no_data_could_make_right_is_refused_at_reading(section):
    with pytest.raises(ValueError, match=next(iter(section))):
        RecourseSection(**section)
