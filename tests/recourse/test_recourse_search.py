from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from audits.core.errors import CancelledError, InputError, ModelCrashError
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.search import search_counterfactuals
from audits.recourse.tables import name_column, tabulate_counterfactuals

NUMBERS = ("age", "rate", "income", "größe_α")


def read_back(results, reference: pd.DataFrame, path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table from disk and its features as the model's frame."""
    pq.write_table(tabulate_counterfactuals(results, list(reference.columns)), path)
    table = pq.read_table(path).to_pandas()
    frame = table[[name_column(name) for name in reference.columns]]
    return table, frame.set_axis(reference.columns, axis=1).astype(dict(reference.dtypes))


def test_every_answer_holds_when_predicted_again_from_disk(messy, tmp_path):
    results = messy.search(answers=3)
    assert [result.row for result in results] == list(messy.rejected.index)
    table, frame = read_back(results, messy.reference, tmp_path / "c.parquet")
    scores = messy.predict(frame)
    assert (scores >= messy.threshold).all()
    assert np.array_equal(scores, table["y_score"])
    assert table["valid"].all()
    assert set(table["row"]) == set(messy.rejected.index)  # nothing is forbidden here
    assert 0 < table["plausible"].mean() < 1


def test_changes_are_exactly_what_differs(messy):
    for result in messy.search(answers=3):
        before = messy.rejected.loc[result.row]
        for answer in result.answers:
            changed = {change.column for change in answer.changes}
            assert 1 <= len(changed) <= 3
            for name, value in answer.values.items():
                same = (pd.isna(before[name]) and value is None) or before[name] == value
                assert same == (name not in changed), (result.row, name)
            for change in answer.changes:
                assert change.new == answer.values[change.column]
                assert change.new is not None
                assert change.old == before[change.column] or pd.isna(before[change.column])


def test_answers_differ_in_their_columns_and_rank_by_changes_then_cost(messy):
    several = 0
    for result in messy.search(answers=3):
        sets = [frozenset(c.column for c in answer.changes) for answer in result.answers]
        assert [answer.rank for answer in result.answers] == list(range(len(sets)))
        assert not any(a <= b for a in sets for b in sets if a is not b)
        order = [(len(answer.changes), answer.cost) for answer in result.answers]
        assert order == sorted(order)
        several += len(sets) > 1
    assert several > 60


def test_values_stay_legal(messy):
    reference = messy.reference
    for result in messy.search():
        for change in (c for answer in result.answers for c in answer.changes):
            seen = reference[change.column].dropna()
            if change.column in NUMBERS:
                assert seen.min() <= change.new <= seen.max()
            else:
                assert change.new in set(seen)
            if change.column in ("age", "größe_α"):
                assert change.new == int(change.new)
            if change.column == "rate":
                assert change.new == round(change.new, 1)
            assert type(change.new) is type(
                seen.iloc[0].item() if hasattr(seen.iloc[0], "item") else seen.iloc[0]
            )


def test_cost_is_as_documented(messy):
    reference = messy.reference

    def spread(name: str) -> float:
        values = reference[name].dropna()
        return 1.4826 * (values - values.median()).abs().median()

    for result in messy.search():
        for answer in result.answers:
            expected = sum(
                abs(c.new - c.old) / spread(c.column)
                if c.column in NUMBERS and c.old is not None
                else 1.0
                for c in answer.changes
            )
            assert answer.cost == pytest.approx(expected, rel=1e-9)


def test_numbers_are_shrunk_as_far_as_they_go(messy):
    step = {"age": 1, "rate": 0.1, "größe_α": 1}
    checked = 0
    for result in messy.search(answers=1):
        answer = result.answers[0]
        if len(answer.changes) != 1 or answer.changes[0].column not in step:
            continue
        change = answer.changes[0]
        if change.old is None:
            continue
        nearer = change.new + np.sign(change.old - change.new) * step[change.column]
        row = messy.rejected.loc[[result.row]].copy()
        row[change.column] = np.array([round(nearer, 1)]).astype(row[change.column].dtype)
        assert messy.predict(row)[0] < messy.threshold
        checked += 1
    assert checked > 10


@st.composite
def random_rules(draw) -> ActionRules:
    columns = ("age", "rate", "income", "größe_α", "job", "grade", "owner", "constant")
    kind = st.sampled_from(["free", "free", "immutable", "up", "down", "range"])
    drawn = {name: draw(kind) for name in columns}
    one_way = {n for n in columns if n not in ("job", "grade")}
    ends = st.floats(0, 200, width=32)
    return ActionRules(
        frozenset(n for n in columns if drawn[n] == "immutable"),
        frozenset(n for n in columns if drawn[n] == "up" and n in one_way),
        frozenset(n for n in columns if drawn[n] == "down" and n in one_way),
        {n: tuple(sorted((draw(ends), draw(ends)))) for n in NUMBERS if drawn[n] == "range"},
    )


@settings(
    max_examples=15,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rules=random_rules())
def test_random_rules_are_always_kept(messy, rules):
    for result in messy.search(rules, messy.rejected.iloc[:20], max_changes=2):
        before = messy.rejected.loc[result.row]
        assert bool(result.answers) != (result.no_recourse is not None)
        for answer in result.answers:
            for name, value in answer.values.items():
                old = None if pd.isna(before[name]) else before[name]
                assert rules.allows(name, old, value), (name, old, value)


def test_nothing_may_change(messy):
    rules = ActionRules(immutable=frozenset(messy.reference.columns))
    for result in messy.search(rules, messy.rejected.iloc[:3]):
        assert result.answers == ()
        assert "No column may change" in result.no_recourse.reason


def test_a_model_that_never_accepts(messy):
    rows = messy.rejected.iloc[:4]
    results = messy.search(rows=rows, predict=lambda frame: np.full(len(frame), 0.25))
    for result in results:
        assert result.no_recourse.row == result.row
        assert "best reaches a score of 0.25, 0.5 is needed" in result.no_recourse.reason
        assert "up to 3 changes at once" in result.no_recourse.searched
        assert "7 columns that may change (age, rate, income" in result.no_recourse.searched
        assert "constant" not in result.no_recourse.searched


def test_same_seed_same_answers(messy):
    assert messy.search() == messy.search()


def test_rows_do_not_depend_on_their_company(messy):
    together = messy.search(rows=messy.rejected.iloc[:6])
    alone = [messy.search(rows=messy.rejected.iloc[[i]])[0] for i in range(6)]
    assert together == alone


def test_calls_of_the_model_grow_far_slower_than_rows(messy):
    messy.search(rows=messy.rejected.iloc[:5])
    few = len(messy.sizes)
    messy.sizes.clear()
    messy.search(rows=messy.rejected)
    assert len(messy.sizes) < 2 * few  # for 24 times the rows
    assert len(messy.sizes) < len(messy.rejected)


def test_blocks_and_batches_change_nothing(messy, monkeypatch):
    rows = messy.rejected.iloc[:50]
    whole = messy.search(rows=rows)
    monkeypatch.setattr("audits.recourse.search.search.BLOCK", 17)
    monkeypatch.setattr("audits.recourse.search.proposals.SMALLEST_BATCH", 100)
    monkeypatch.setattr("audits.recourse.search.proposals.BATCH_ROWS", 333)
    assert messy.search(rows=rows) == whole


def test_no_time_is_said(messy):
    for result in messy.search(budget_s=0.0):
        assert result.answers == ()
        assert "Time ran out" in result.no_recourse.reason
        assert result.no_recourse.searched.startswith("0 predictions")


def test_time_that_ends_midway_gives_the_best_so_far(messy, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("audits.recourse.search.proposals.time.monotonic", lambda: now[0])

    def slow(frame: pd.DataFrame) -> np.ndarray:
        now[0] += len(frame) / 1000
        return messy.predict(frame)

    results = messy.search(predict=slow, budget_s=12.0)
    found = [answer for result in results for answer in result.answers]
    without = [result.no_recourse for result in results if result.no_recourse]
    assert found
    assert without
    assert all("Time ran out" in none.reason for none in without)
    assert now[0] < 25  # the final check of what was found still runs
    frame = pd.DataFrame([a.values for a in found]).astype(dict(messy.reference.dtypes))
    assert (messy.predict(frame) >= messy.threshold).all()


def test_progress_reaches_the_end_and_can_cancel(messy):
    seen: list[tuple[int, int]] = []
    messy.search(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (120, 120)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        messy.search(progress=stop)


def test_accepted_rows_are_refused(messy):
    accepted = messy.reference[messy.predict(messy.reference) >= 0.5].iloc[:2]
    rows = pd.concat([messy.rejected.iloc[:3], accepted])
    with pytest.raises(ValueError, match="2 of 5 rows are accepted already"):
        messy.search(rows=rows)


def test_no_rows_no_answers(messy):
    assert messy.search(rows=messy.rejected.iloc[:0]) == []


def test_a_model_with_several_outputs(messy):
    def both(frame: pd.DataFrame) -> np.ndarray:
        wanted = messy.predict(frame)
        return np.column_stack([wanted, 1 - wanted])

    assert messy.search(predict=both, positive_output=0) == messy.search()
    with pytest.raises(InputError, match="output 2 was asked for"):
        messy.search(predict=both, positive_output=2)


def test_a_model_that_answers_nonsense_is_named(messy):
    with pytest.raises(ModelCrashError, match="not numbers"):
        messy.search(predict=lambda frame: np.full(len(frame), np.nan))
    with pytest.raises(ModelCrashError, match="shape"):
        messy.search(predict=lambda frame: np.zeros(3))


def test_an_unseen_category_and_large_integers_pass_through_unchanged(messy):
    rows = messy.rejected.iloc[:5].copy()
    rows["job"] = ["pilot"] * 5
    big = 2**60 + 1
    rows["constant"] = np.array([big] * 5)
    rules = ActionRules(immutable=frozenset({"job", "constant"}))
    answers = [answer for result in messy.search(rules, rows) for answer in result.answers]
    assert answers
    assert {answer.values["job"] for answer in answers} == {"pilot"}
    assert {answer.values["constant"] for answer in answers} == {big}


def test_a_number_is_not_sought_where_it_is_known_not_to_be_enough():
    reference = pd.DataFrame({"income": np.arange(0, 100_001, 10)})
    asked: list[np.ndarray] = []

    def predict(rows: pd.DataFrame) -> np.ndarray:
        asked.append(rows["income"].to_numpy())
        return (rows["income"] >= 61_230).to_numpy(dtype=np.float64)

    [found] = search_counterfactuals(
        predict, reference.iloc[[100]], reference, ActionRules(),
        generator=np.random.default_rng(0), budget_s=60.0,
    )  # fmt: skip
    assert found.answers[0].values == {"income": 61_230}
    _, rejected, candidates, *later = asked
    assert list(rejected) == [1_000]
    failing = candidates[candidates < 61_230].max()
    sought = np.concatenate(later)
    assert sought.min() > failing
    assert len(sought) < 60
