"""Proofs of no recourse against exhaustive search over every legal value."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.core.errors import CheckNotApplicableError
from audits.models.formats import lightgbm as lightgbm_format
from audits.models.formats.skops import SkopsAdapter
from audits.recourse.columns import build_columns
from audits.recourse.proof.enumerate import count_changes
from audits.recourse.proof.proof import Question, prove_rows
from audits.recourse.proof.service import FOUND, NONE, OPEN
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.proposals import Editor
from audits.recourse.search.shrink import compute_costs

sys.path.insert(0, str(Path(__file__).parent))
from proof_models import JOBS, KINDS, InProcess, exhaust, fit, make_rows

RULES = ActionRules(
    immutable=frozenset({"owner"}),
    increase_only=frozenset({"months"}),
    ranges={"rate": (0.5, 2.0)},
)


def compare(kind, seed, tmp_path, rules, most, output=1, rows=12) -> set[str]:
    """Prove some rejected rows and hold every answer against the exhaustive search."""
    frame, label = make_rows(seed)
    adapter = fit(kind, frame, label, seed, tmp_path)
    scores = adapter.predict(frame)[:, output]
    threshold = float(np.quantile(scores, 0.93))
    rejected = frame[scores < threshold].iloc[:rows]
    question = Question(rejected, frame, rules, threshold, output, most)
    proofs = prove_rows(InProcess(adapter), question, seconds=600)
    columns = build_columns(rejected, frame)
    editor = Editor(rejected, columns)
    statuses = set()
    for number, proof in enumerate(proofs):
        expected = exhaust(adapter, frame, rejected.iloc[number], rules, threshold, most, output)
        assert proof.status == (NONE if expected is None else FOUND), (number, expected)
        statuses.add(proof.status)
        if expected is None:
            continue
        found = proof.proposals
        assert set(found.rows) == {number}
        assert (adapter.predict(editor.apply(found))[:, output] >= threshold).all()
        assert (found.columns >= 0).sum(axis=1).tolist() == [expected[0]] * len(found)
        costs = compute_costs(columns, editor, found).sum(axis=1)
        assert costs[0] == costs.min()
        # a linear model has a value a cell, so that its cheapest change is found as well
        assert costs[0] == pytest.approx(expected[1], abs=1e-9)
    return statuses


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_proven_exactly_where_exhaustive_search_finds_none(kind, tmp_path):
    seen = compare(kind, 1, tmp_path, RULES, 2) | compare(kind, 2, tmp_path, ActionRules(), 1)
    assert seen == {NONE, FOUND}


@pytest.mark.parametrize("kind", ["forest", "boosting", "logistic", "lightgbm", "xgboost"])
def test_the_first_class_can_be_the_wanted_one(kind, tmp_path):
    assert compare(kind, 3, tmp_path, RULES, 2, output=0, rows=8) == {NONE, FOUND}


@pytest.mark.parametrize("kind", ["tree", "lightgbm", "logistic"])
def test_three_columns_at_once(kind, tmp_path):
    fixed = ActionRules(immutable=frozenset({"months", "owner"}))
    compare(kind, 4, tmp_path, fixed, 3, rows=6)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["tree", "forest", "histogram", "lightgbm", "logistic"]),
    fixed=st.sets(st.sampled_from(["months", "children", "rate", "job"]), max_size=2),
    one_way=st.sampled_from(["none", "up", "down"]),
    low=st.integers(5, 20),
    width=st.integers(0, 12),
)
def test_any_rules_on_any_small_model(tmp_path_factory, seed, kind, fixed, one_way, low, width):
    bounds = {} if "rate" in fixed else {"rate": (low / 10, (low + width) / 10)}
    rules = ActionRules(
        immutable=frozenset(fixed),
        increase_only=frozenset({"points"} if one_way == "up" else ()),
        decrease_only=frozenset({"points"} if one_way == "down" else ()),
        ranges=bounds,
    )
    compare(kind, seed, tmp_path_factory.mktemp("any"), rules, 2, rows=4)


def test_a_regression_is_proven_on_its_target(tmp_path):
    frame, _ = make_rows(5)
    target = frame["months"] * 2.0 - frame["rate"] * 3 + (frame["job"] == "nurse") * 4
    model = _numbers_only(GradientBoostingRegressor(n_estimators=10, random_state=0))
    adapter = SkopsAdapter(model.fit(frame, target), "regression")
    scores = adapter.predict(frame)
    rows = frame[scores < scores.max()].iloc[:20]
    proofs = {}
    for wanted in (scores.max(), scores.max() + 1e-6):
        question = Question(rows, frame, ActionRules(), float(wanted), 0, 6)
        proofs[wanted] = prove_rows(InProcess(adapter), question, seconds=600)
    assert {p.status for p in proofs[scores.max()]} == {FOUND}  # all columns: be that row
    best = _highest_possible(adapter, frame)
    expected = NONE if best < scores.max() + 1e-6 else FOUND
    assert {p.status for p in proofs[scores.max() + 1e-6]} == {expected}


def _numbers_only(model):
    columns = make_column_transformer(
        ("passthrough", ["months", "rate"]), (OneHotEncoder(), ["job"])
    )
    return make_pipeline(columns, model)


def _highest_possible(adapter, frame) -> float:
    """The best score of all legal combinations of the three columns that the model uses."""
    grid = pd.MultiIndex.from_product(
        [range(6, 19), np.round(np.arange(10, 26) / 10, 1), JOBS],
        names=["months", "rate", "job"],
    ).to_frame(index=False)
    rest = frame.drop(columns=list(grid)).iloc[[0] * len(grid)].reset_index(drop=True)
    return float(adapter.predict(pd.concat([grid, rest], axis=1)[list(frame)]).max())


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_values_too_many_to_list_are_cut_at_the_split_points(kind, tmp_path):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": np.round(draw.lognormal(10, 1, 400), 2),
            "debt": draw.integers(0, 20, 400),
            "job": draw.choice(JOBS, 400),
        }
    )
    worth = np.log(frame["income"]) - frame["debt"] / 8 + draw.normal(0, 0.2, 400)
    adapter = fit(kind, frame, (worth > 9.5).to_numpy().astype(int), 0, tmp_path)
    scores = adapter.predict(frame)[:, 1]
    rows = frame[scores < 0.5].iloc[:30]
    for threshold in (0.5, float(np.quantile(scores, 0.99)), 0.98):
        question = Question(rows, frame, ActionRules(), threshold, 1, 1)
        proofs = prove_rows(InProcess(adapter), question, seconds=600)
        for number, proof in enumerate(proofs):
            best = max(_best_single(adapter, frame, rows.iloc[[number]], name) for name in frame)
            assert proof.status == (FOUND if best >= threshold else NONE), (number, best)


def _best_single(adapter, frame, row, name) -> float:
    """The best score from changing one column: every cent near a split would be 10 million
    values, so incomes are tried at every one of a fine grid and at all that were seen."""
    seen = frame[name]
    values = np.unique(seen)
    if name == "income":
        values = np.union1d(values, np.round(np.geomspace(seen.min(), seen.max(), 20_000), 2))
    changed = row.iloc[[0] * len(values)].reset_index(drop=True).assign(**{name: values})
    return float(adapter.predict(changed.astype(frame.dtypes))[:, 1].max())


def test_without_work_or_time_nothing_is_claimed(tmp_path):
    frame, label = make_rows(1)
    adapter = fit("lightgbm", frame, label, 1, tmp_path)
    rows = frame[adapter.predict(frame)[:, 1] < 0.5].iloc[:5]
    question = Question(rows, frame, ActionRules(), 0.5, 1, 2)
    for settings_ in ({"seconds": 600, "work": 10.0}, {"seconds": 0.0}):
        proofs = prove_rows(InProcess(adapter), question, **settings_)
        assert {proof.status for proof in proofs} == {OPEN}
    # and the bound alone decides a hopeless row with very little work
    hopeless = replace(question, threshold=0.9999)
    proofs = prove_rows(InProcess(adapter), hopeless, seconds=600, work=10.0)
    assert {proof.status for proof in proofs} == {NONE}


def test_models_and_pipelines_without_a_proof_say_why(tmp_path):
    frame, label = make_rows(1)
    mixed = make_column_transformer((PCA(2), ["months", "children"]))
    models = {
        "mixes several raw columns": make_pipeline(mixed, RandomForestClassifier(3)),
        "no sum of trees or of weights": _numbers_only(MLPClassifier((4,), max_iter=5)),
        "come from the loss 'modified_huber'": _numbers_only(
            SGDClassifier(loss="modified_huber", random_state=0)
        ),
    }
    for said, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = SkopsAdapter(model.fit(frame, label), "model")
        question = Question(frame.iloc[:5], frame, ActionRules(), 0.99, 1, 2)
        with pytest.raises(CheckNotApplicableError, match=said):
            prove_rows(InProcess(adapter), question, seconds=600)


def test_a_sum_that_is_not_the_models_answer_is_noticed(tmp_path):
    frame, label = make_rows(1)
    settings_ = {"objective": "binary", "sigmoid": 3.0, "verbosity": -1, "num_threads": 1}
    data = lgb.Dataset(frame.astype({"job": pd.CategoricalDtype(JOBS)}), label)
    lgb.train(settings_, data, num_boost_round=8).save_model(tmp_path / "model.txt")
    adapter = lightgbm_format.load(tmp_path / "model.txt", "cpu")
    question = Question(frame.iloc[:5], frame, ActionRules(), 0.9, 1, 1)
    with pytest.raises(CheckNotApplicableError, match="miss the model's own answers"):
        prove_rows(InProcess(adapter), question, seconds=600)


@given(st.lists(st.integers(0, 6), max_size=7), st.integers(1, 4))
def test_cells_are_counted_as_by_hand(sizes, most):
    by_hand = sum(
        math.prod(chosen)
        for changes in range(1, most + 1)
        for chosen in combinations(sizes, changes)
    )
    assert count_changes(sizes, most) == by_hand
