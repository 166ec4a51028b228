"""Tree SHAP against reference rows: the definition, shap and the model's own mean."""

import lightgbm
import numpy as np
import pytest
import shap
import xgboost
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeRegressor

from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import Request
from audits.explain.methods import INTERVENTIONAL_SHAP
from audits.explain.trees import engine as tree, interventional as tree_interventional
from audits.trees.forest import load_forest
from tests.explain.games import compute_shapley, find_output, interventional_game
from tests.explain.tree_models import (
    CATEGORY,
    CONSTANT,
    KINDS,
    N_ROWS,
    draw_data,
    fit_lightgbm,
    fit_xgboost,
    own_margin,
    rows_for,
    targets,
)

pytestmark = pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning")

N_REFERENCE = 24


@pytest.fixture(scope="module")
def data():
    return draw_data()


def explain(model, rows, background, task, target_class=1):
    request = Request(task, target_class, method=INTERVENTIONAL_SHAP, background=background)
    return tree.explain(model, rows, request)


@pytest.mark.parametrize("name", KINDS)
def test_equals_the_definition_and_adds_up(name, data):
    matrix, score = data
    task, fit = KINDS[name]
    model = fit(matrix, targets(score, task), task)
    rows = rows_for(name, matrix)
    background = rows[-N_REFERENCE:]
    for target_class in (0, 2) if task == "multiclass" else (1,):
        found = explain(model, rows, background, task, target_class)
        assert found.additivity_error < 1e-4
        assert found.method.startswith(INTERVENTIONAL_SHAP)
        assert np.abs(found.values[:, CONSTANT]).max() == 0
        assert len(set(found.base)) == 1
        own = own_margin(model, background, task, target_class)
        assert found.base[0] == pytest.approx(own.mean(), abs=1e-5)
        forest = load_forest(model, target_class)
        plain = rows.astype(forest.dtype).astype(float)
        for index in (0, 7):
            game = interventional_game(forest, plain[index], plain[-N_REFERENCE:])
            np.testing.assert_allclose(found.values[index], compute_shapley(game, 6), atol=2e-5)


@pytest.mark.parametrize("name", ["forest_3", "histogram", "lightgbm", "xgboost", "boosting"])
def test_equals_shap(name, data):
    matrix, score = data
    task, fit = KINDS[name]
    model = fit(matrix, targets(score, task), task)
    rows = rows_for(name, matrix)
    background = rows[:N_REFERENCE]
    found = explain(model, rows, background, task)
    masker = shap.maskers.Independent(background, len(background))
    explainer = shap.TreeExplainer(model, data=masker, feature_perturbation="interventional")
    expected = np.asarray(explainer.shap_values(rows, check_additivity=False))
    expected = expected[:, :, 1] if expected.ndim == 3 else expected
    np.testing.assert_allclose(found.values, expected, atol=1e-4)
    assert found.method == "interventional_shap:woodelf"


@pytest.mark.parametrize("one_hot", [1, 20], ids=["sets", "one_against_rest"])
def test_xgboost_splits_by_category(one_hot, data):
    matrix, score = data
    types = ["q"] * 4 + ["c", "q"]
    model = fit_xgboost(
        matrix, targets(score, "binary"), "binary", types, max_cat_to_onehot=one_hot
    )
    forest = load_forest(model, 1)
    assert any(item.categories for item in forest.trees)
    found = explain(model, matrix, matrix[:N_REFERENCE], "binary")
    plain = matrix.astype(np.float32).astype(float)
    for index in (0, 31):
        assert find_output(forest, plain[index]) == pytest.approx(found.output[index], abs=1e-5)
        game = interventional_game(forest, plain[index], plain[:N_REFERENCE])
        np.testing.assert_allclose(found.values[index], compute_shapley(game, 6), atol=2e-5)


def test_histogram_boosting_with_categories_by_definition(data):
    matrix, score = data
    model = HistGradientBoostingClassifier(
        max_iter=6, categorical_features=[CATEGORY], max_depth=4
    ).fit(matrix, targets(score, "binary"))
    rows = matrix.copy()
    rows[:5, CATEGORY] = [np.nan, 3, 5, 0, 1]
    background = matrix[-N_REFERENCE:]
    found = explain(model, rows, background, "binary")
    forest = load_forest(model, 1)
    order = [CATEGORY, 0, 1, 2, 3, CONSTANT]  # scikit-learn moves the encoded category first
    for index in range(5):
        game = interventional_game(forest, rows[index, order], background[:, order])
        expected = compute_shapley(game, 6)
        np.testing.assert_allclose(found.values[index, order], expected, atol=2e-5)


def test_deep_trees_are_left_to_shap_while_there_are_few_pairs(monkeypatch):
    generator = np.random.default_rng(3)
    matrix = generator.normal(size=(600, 30))
    y = (matrix @ generator.normal(size=30) > 0).astype(int)
    model = RandomForestClassifier(3, max_features=3, random_state=0).fit(matrix, y)
    background = matrix[:20]
    found = explain(model, matrix[:30], background, "binary")
    assert found.method == "interventional_shap:shap"
    assert found.additivity_error < 1e-6
    assert found.base[0] == pytest.approx(model.predict_proba(background)[:, 1].mean())
    monkeypatch.setattr(tree_interventional, "MAX_COLUMNS", 64)
    tree_interventional._LAST.clear()
    other = explain(model, matrix[:30], background, "binary")
    assert other.method == "interventional_shap:woodelf"
    np.testing.assert_allclose(found.values, other.values, atol=1e-5)
    monkeypatch.undo()
    monkeypatch.setattr(tree_interventional, "MAX_PAIRS", 1_000)
    tree_interventional._LAST.clear()
    with pytest.raises(CheckNotApplicableError, match="30 rows meets each of 20 reference rows"):
        explain(model, matrix[:30], background, "binary")


def test_a_background_is_prepared_once(data, monkeypatch):
    matrix, score = data
    model = fit_lightgbm(matrix, targets(score, "binary"), "binary")
    background, other = matrix[:10].copy(), matrix[10:20].copy()
    built = []
    build = tree_interventional._build_woodelf
    monkeypatch.setattr(
        tree_interventional, "_build_woodelf", lambda *a: built.append(1) or build(*a)
    )
    first = explain(model, matrix[:9], background, "binary")
    explain(model, matrix[9:30], background, "binary")
    assert len(built) == 1
    second = explain(model, matrix[:9], other, "binary")
    assert len(built) == 2
    assert not np.allclose(first.values, second.values)


def test_leaves_one_row_and_no_reference(data):
    matrix, score = data
    leaf = DecisionTreeRegressor(min_samples_leaf=N_ROWS).fit(matrix, score)
    found = explain(leaf, matrix[:1], matrix[:1], "regression")
    assert np.abs(found.values).max() == 0
    assert found.base[0] == found.output[0]
    stump = DecisionTreeRegressor(max_depth=1, random_state=0).fit(matrix, score)
    same = explain(stump, matrix[:1], matrix[:1], "regression")
    assert np.abs(same.values).max() == 0  # a row against itself
    for nothing in (None, matrix[:0]):
        with pytest.raises(CheckNotApplicableError, match="there are none"):
            explain(stump, matrix[:1], nothing, "regression")


def test_five_hundred_columns():
    generator = np.random.default_rng(2)
    matrix = generator.normal(size=(300, 500))
    y = (matrix[:, 7] + matrix[:, 400] > 0).astype(int)
    model = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 6},
                           lightgbm.Dataset(matrix, y), 5)  # fmt: skip
    found = explain(model, matrix, matrix, "binary")
    unused = np.setdiff1d(
        np.arange(500), np.concatenate([t.feature for t in load_forest(model, 1).trees])
    )
    assert found.values.shape == (300, 500)
    assert len(unused) > 400
    assert np.abs(found.values[:, unused]).max() == 0
    assert found.additivity_error < 1e-4
    own = tree.explain(model, matrix, Request("binary"))
    assert np.abs(own.values[:, unused]).max() == 0


def test_strict_and_loose_splits_at_a_threshold():
    generator = np.random.default_rng(1)
    matrix = generator.integers(0, 40, size=(400, 3)) / 10  # tenths are not exact in float32
    y = (matrix.sum(axis=1) + generator.normal(scale=0.5, size=400) > 6).astype(int)
    frame = xgboost.DMatrix(matrix, y)
    models = [xgboost.train({"objective": "binary:logistic", "max_depth": 4}, frame, 10),
              fit_lightgbm(matrix, y, "binary"),
              GradientBoostingClassifier(n_estimators=10, random_state=0).fit(matrix, y)]  # fmt: skip
    for model in models:
        found = explain(model, matrix, matrix[:50], "binary")
        assert found.method == "interventional_shap:woodelf"
        assert found.additivity_error < 1e-4
