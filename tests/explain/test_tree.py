"""Tree SHAP against shap, the libraries' own contributions and the definition itself."""

import numpy as np
import pytest
import shap
import xgboost
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeRegressor

from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import Request
from audits.explain.trees import engine as tree
from audits.explain.trees.path_dependent import compute_path_shap
from audits.trees.flat_forest import flatten_forest
from audits.trees.forest import load_forest
from tests.explain.games import compute_shapley, path_game
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

pytestmark = [
    pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer"),
    pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning"),
]


@pytest.fixture(scope="module")
def data():
    return draw_data()


def shap_reference(model, rows, target_class):
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    base = np.ravel(explainer.expected_value)
    if values.ndim == 3:
        return values[:, :, target_class], base[target_class]
    return values, base[-1]


@pytest.mark.parametrize("few_rows", [0, 10**18], ids=["many_rows", "few_rows"])
@pytest.mark.parametrize("name", KINDS)
def test_equals_shap_and_adds_up(name, few_rows, data, monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", few_rows)
    matrix, score = data
    task, fit = KINDS[name]
    model = fit(matrix, targets(score, task), task)
    rows = rows_for(name, matrix)
    for target_class in range(3) if task == "multiclass" else (1,):
        found = tree.explain(model, rows, Request(task, target_class))
        values, base = shap_reference(model, rows, target_class)
        np.testing.assert_allclose(found.values, values, atol=1e-4, rtol=0)
        np.testing.assert_allclose(found.base, base, atol=1e-4, rtol=0)
        assert found.additivity_error < 1e-4
        assert found.exact
        if few_rows == 0:
            assert found.method == "tree_shap:linear_tree_shap"
        assert np.abs(found.values[:, CONSTANT]).max() == 0


@pytest.mark.parametrize("name", KINDS)
def test_output_is_the_models_own(name, data):
    matrix, score = data
    task, fit = KINDS[name]
    model = fit(matrix, targets(score, task), task)
    rows = rows_for(name, matrix)[:20]
    found = tree.explain(model, rows, Request(task, 1))
    np.testing.assert_allclose(found.output, own_margin(model, rows, task, 1), atol=1e-6)
    spaces = {"regression": "target"}
    averaged = name.startswith(("decision_tree", "forest", "extra_trees"))
    assert found.space == spaces.get(task, "probability" if averaged else "margin")


@pytest.mark.parametrize("one_hot", [1, 20], ids=["sets", "one_against_rest"])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_xgboost_splits_by_category(task, one_hot, data):
    matrix, score = data
    types = ["q"] * 4 + ["c", "q"]
    model = fit_xgboost(matrix, targets(score, task), task, types, max_cat_to_onehot=one_hot)
    frame = xgboost.DMatrix(matrix, feature_types=types, enable_categorical=True)
    expected = model.predict(frame, pred_contribs=True).reshape(N_ROWS, -1, 7)[:, -1, :]
    forest = load_forest(model, 2)
    assert any(item.categories for item in forest.trees)
    np.testing.assert_allclose(
        compute_path_shap(flatten_forest(forest), matrix), expected[:, :6], atol=1e-4
    )
    np.testing.assert_allclose(forest.compute_base(), expected[0, 6], atol=1e-4)


def test_lightgbm_random_forest_mode(data):
    matrix, score = data
    y = targets(score, "binary")
    model = fit_lightgbm(matrix, y, "binary", boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    found = tree.explain(model, matrix, Request("binary"))
    values, _ = shap_reference(model, matrix, 1)
    np.testing.assert_allclose(found.values, values, atol=1e-4)
    assert found.additivity_error < 1e-4


def test_zero_as_missing_is_left_to_lightgbm(data, monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", 0)
    matrix, score = data
    model = fit_lightgbm(matrix, targets(score, "binary"), "binary", zero_as_missing=True)
    found = tree.explain(model, matrix, Request("binary"))
    values, _ = shap_reference(model, matrix, 1)
    np.testing.assert_allclose(found.values, values, atol=1e-4)
    assert found.additivity_error < 1e-4


def test_a_log_link_is_explained_before_the_link(data):
    matrix, score = data
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=8).fit(matrix, np.abs(score))
    found = tree.explain(model, matrix, Request("regression"))
    assert found.space == "margin"
    np.testing.assert_allclose(np.exp(found.output), model.predict(matrix), rtol=1e-9)
    assert found.additivity_error < 1e-4


def test_histogram_boosting_with_categories_by_definition(data, monkeypatch):
    """shap reads scikit-learn's splits by category wrongly, so the definition is the oracle."""
    matrix, score = data
    rows = matrix.copy()
    rows[:5, CATEGORY] = [np.nan, 3, 5, 0, 1]
    model = HistGradientBoostingClassifier(
        max_iter=6, categorical_features=[CATEGORY], max_depth=4
    ).fit(matrix, targets(score, "binary"))
    for few_rows in (0, 10**18):
        monkeypatch.setattr(tree, "COMPILE_COST", few_rows)
        found = tree.explain(model, rows, Request("binary"))
        assert found.method == "tree_shap:linear_tree_shap"
        np.testing.assert_allclose(found.output, model.decision_function(rows), atol=1e-12)
    forest = load_forest(model, 1)
    assert any(item.categories for item in forest.trees)
    order = [CATEGORY, 0, 1, 2, 3, CONSTANT]  # scikit-learn moves the encoded category first
    for index in range(6):
        game = path_game(forest, rows[index, order])
        values, base = compute_shapley(game, 6), game(frozenset())
        output = game(frozenset(range(6)))
        np.testing.assert_allclose(found.values[index, order], values, atol=1e-5)
        assert base == pytest.approx(found.base[index], abs=1e-9)
        assert output == pytest.approx(found.output[index], abs=1e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_boosting_of_scikit_learn_by_definition(task, data, monkeypatch):
    """shap refuses several classes here, so the definition is the oracle."""
    monkeypatch.setattr(tree, "COMPILE_COST", 0)
    matrix, score = data
    rows = np.nan_to_num(matrix, nan=-3.0).astype(np.float32).astype(float)
    model = GradientBoostingClassifier(n_estimators=5, random_state=0)
    model.fit(rows, targets(score, task))
    target_class = 2 if task == "multiclass" else 1
    found = tree.explain(model, rows, Request(task, target_class))
    forest = load_forest(model, target_class)
    for index in range(3):
        game = path_game(forest, rows[index])
        values, base = compute_shapley(game, 6), game(frozenset())
        output = game(frozenset(range(6)))
        np.testing.assert_allclose(found.values[index], values, atol=1e-5)
        assert base == pytest.approx(found.base[index], abs=1e-9)
        assert output == pytest.approx(found.output[index], abs=1e-9)


@pytest.mark.parametrize("few_rows", [0, 10**18], ids=["many_rows", "few_rows"])
def test_one_row_and_a_tree_that_is_one_leaf(few_rows, data, monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", few_rows)
    matrix, score = data
    stump = DecisionTreeRegressor(max_depth=1, random_state=0).fit(matrix, score)
    leaf = DecisionTreeRegressor(min_samples_leaf=N_ROWS, random_state=0).fit(matrix, score)
    lone = fit_lightgbm(np.ones((N_ROWS, 6)), targets(score, "binary"), "binary")
    one = tree.explain(stump, matrix[:1], Request("regression"))
    assert np.count_nonzero(one.values) == 1
    assert one.base[0] + one.values.sum() == pytest.approx(stump.predict(matrix[:1])[0], abs=1e-6)
    for model, task in ((leaf, "regression"), (lone, "binary")):
        none = tree.explain(model, matrix[:1], Request(task))
        assert np.abs(none.values).max() == 0
        assert none.base[0] == pytest.approx(none.output[0], abs=1e-6)


def test_large_targets_add_up_in_proportion(data, monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", 0)
    matrix, score = data
    model = fit_lightgbm(matrix, 1e6 + 1e5 * score, "regression")
    found = tree.explain(model, matrix, Request("regression"))
    values, _ = shap_reference(model, matrix, 1)
    np.testing.assert_allclose(found.values, values, atol=1e-5 * np.abs(values).max())
    assert found.additivity_error < 1e-5 * np.ptp(found.output)


def test_values_at_a_threshold_go_the_librarys_way(monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", 0)
    generator = np.random.default_rng(1)
    matrix = generator.integers(0, 40, size=(400, 3)) / 10  # tenths are not exact in float32
    y = (matrix.sum(axis=1) + generator.normal(scale=0.5, size=400) > 6).astype(int)
    models = [fit_xgboost(matrix, y, "binary"), fit_lightgbm(matrix, y, "binary"),
              RandomForestClassifier(5, random_state=0).fit(matrix, y)]  # fmt: skip
    for model in models:
        found = tree.explain(model, matrix, Request("binary"))
        assert found.method == "tree_shap:linear_tree_shap"
        assert found.additivity_error < 1e-4


def test_says_nothing_on_standard_output(data, capfd, monkeypatch):
    monkeypatch.setattr(tree, "COMPILE_COST", 0)
    matrix, score = data
    model = fit_lightgbm(matrix, targets(score, "binary"), "binary")
    tree.explain(model, matrix, Request("binary"))
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_does_not_add_up_is_refused(data, monkeypatch):
    matrix, score = data
    model = fit_lightgbm(matrix, targets(score, "binary"), "binary")
    monkeypatch.setattr(
        tree, "_engines", lambda *_: [("off", lambda *_: (np.zeros((N_ROWS, 6)), np.zeros(N_ROWS)))]
    )
    with pytest.raises(CheckNotApplicableError, match="misses the model's own output by"):
        tree.explain(model, matrix, Request("binary"))


def test_an_unknown_ensemble_has_no_reader(data):
    matrix, _ = data
    model = IsolationForest(n_estimators=2).fit(matrix)
    with pytest.raises(ValueError, match="no reader of trees"):
        load_forest(model, 1)
