"""Tree SHAP against shap, the libraries' own contributions and the definition itself."""

from itertools import combinations
from math import factorial

import lightgbm
import numpy as np
import pytest
import shap
import xgboost
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from audits.core.errors import CheckNotApplicableError
from audits.explain import tree
from audits.explain.columns import Request
from audits.explain.forest import Forest, Tree, load_forest
from audits.explain.woodelf_engine import compute_forest_shap

pytestmark = [
    pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer"),
    pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning"),
]

N_ROWS = 240
CATEGORY = 4
CONSTANT = 5


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(N_ROWS, 6))
    matrix[:, CATEGORY] = generator.integers(0, 6, N_ROWS)
    matrix[:, CONSTANT] = 1.0
    matrix[:, :4][generator.random((N_ROWS, 4)) < 0.1] = np.nan
    plain = np.nan_to_num(matrix)
    score = plain[:, 0] + (plain[:, CATEGORY] % 3 == 1) + plain[:, 1] * plain[:, 2]
    score += generator.normal(scale=0.4, size=N_ROWS)
    return matrix, score


def targets(score, task):
    if task == "regression":
        return score
    if task == "binary":
        return (score > 0.3).astype(int)
    return np.digitize(score, [-0.4, 0.9])


def fit_lightgbm(matrix, y, task, **params):
    objective = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}[task]
    categorical = params.pop("categorical", "auto")
    settings = {"objective": objective, "verbose": -1, "num_leaves": 12, "num_threads": 1} | params
    if task == "multiclass":
        settings["num_class"] = 3
    dataset = lightgbm.Dataset(matrix, y, categorical_feature=categorical)
    return lightgbm.train(settings, dataset, 12)


def fit_xgboost(matrix, y, task, types=None, **params):
    objective = {
        "binary": "binary:logistic",
        "multiclass": "multi:softprob",
        "regression": "reg:squarederror",
    }[task]
    settings = {"objective": objective, "max_depth": 4, "nthread": 1} | params
    if task == "multiclass":
        settings["num_class"] = 3
    frame = xgboost.DMatrix(matrix, y, feature_types=types, enable_categorical=True)
    return xgboost.train(settings, frame, 12)


def sklearn_kind(kind, **params):
    return lambda matrix, y, task: kind(random_state=0, **params).fit(matrix, y)


def without_missing(kind, **params):
    """GradientBoosting takes no missing values; a number far away stands for them."""
    fit = sklearn_kind(kind, **params)
    return lambda matrix, y, task: fit(np.nan_to_num(matrix, nan=-3.0), y, task)


KINDS = {
    "decision_tree": ("binary", sklearn_kind(DecisionTreeClassifier, max_depth=5)),
    "decision_tree_3": ("multiclass", sklearn_kind(DecisionTreeClassifier, max_depth=5)),
    "regression_tree": ("regression", sklearn_kind(DecisionTreeRegressor, max_depth=5)),
    "forest": (
        "binary",
        sklearn_kind(RandomForestClassifier, n_estimators=4, class_weight="balanced"),
    ),
    "forest_3": ("multiclass", sklearn_kind(RandomForestClassifier, n_estimators=6, max_depth=6)),
    "regression_forest": (
        "regression",
        sklearn_kind(RandomForestRegressor, n_estimators=6, max_depth=6),
    ),
    "extra_trees": ("binary", sklearn_kind(ExtraTreesClassifier, n_estimators=6, max_depth=7)),
    "extra_trees_regression": (
        "regression",
        sklearn_kind(ExtraTreesRegressor, n_estimators=6, max_depth=7),
    ),
    "boosting": ("binary", without_missing(GradientBoostingClassifier, n_estimators=12)),
    "boosting_regression": (
        "regression",
        without_missing(GradientBoostingRegressor, n_estimators=12),
    ),
    "histogram": ("binary", sklearn_kind(HistGradientBoostingClassifier, max_iter=12)),
    "histogram_3": ("multiclass", sklearn_kind(HistGradientBoostingClassifier, max_iter=8)),
    "histogram_regression": (
        "regression",
        sklearn_kind(HistGradientBoostingRegressor, max_iter=12),
    ),
    "lightgbm": ("binary", fit_lightgbm),
    "lightgbm_3": ("multiclass", fit_lightgbm),
    "lightgbm_regression": ("regression", fit_lightgbm),
    "lightgbm_dart": ("binary", lambda *a: fit_lightgbm(*a, boosting="dart")),
    "lightgbm_categories": (
        "binary",
        lambda *a: fit_lightgbm(*a, categorical=[CATEGORY], min_data_per_group=5),
    ),
    "lightgbm_categories_3": (
        "multiclass",
        lambda *a: fit_lightgbm(*a, categorical=[CATEGORY], min_data_per_group=5),
    ),
    "lightgbm_missing_as_zero": ("binary", lambda *a: fit_lightgbm(*a, use_missing=False)),
    "xgboost": ("binary", fit_xgboost),
    "xgboost_3": ("multiclass", fit_xgboost),
    "xgboost_regression": ("regression", fit_xgboost),
    "xgboost_dart": ("binary", lambda *a: fit_xgboost(*a, booster="dart", rate_drop=0.3)),
}


def rows_for(name, matrix):
    return np.nan_to_num(matrix, nan=-3.0) if name.startswith("boosting") else matrix


def shap_reference(model, rows, target_class):
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    base = np.ravel(explainer.expected_value)
    if values.ndim == 3:
        return values[:, :, target_class], base[target_class]
    return values, base[-1]


@pytest.mark.parametrize("few_rows", [0, 10**9], ids=["many_rows", "few_rows"])
@pytest.mark.parametrize("name", KINDS)
def test_equals_shap_and_adds_up(name, few_rows, data, monkeypatch):
    monkeypatch.setattr(tree, "FEW_ROWS", few_rows)
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
            assert found.method == "tree_shap:woodelf"
        assert np.abs(found.values[:, CONSTANT]).max() == 0


def own_margin(model, rows, task, target_class):
    """The model's own output, asked for here in another way than the engine asks."""
    if isinstance(model, lightgbm.Booster):
        answer = model.predict(rows, raw_score=True)
    elif isinstance(model, xgboost.Booster):
        answer = model.predict(xgboost.DMatrix(rows), output_margin=True)
    elif task == "regression":
        answer = model.predict(rows)
    elif "Boosting" in type(model).__name__:
        logarithms = np.log(model.predict_proba(rows))
        if task == "binary":
            return logarithms[:, 1] - logarithms[:, 0]
        return model._raw_predict(rows)[:, target_class]
    else:
        answer = model.predict_proba(rows)
    return answer if answer.ndim == 1 else answer[:, target_class]


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
    np.testing.assert_allclose(compute_forest_shap(forest, matrix), expected[:, :6], atol=1e-4)
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
    monkeypatch.setattr(tree, "FEW_ROWS", 0)
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


def expected_value(item: Tree, row, known, node=0):
    """The path-dependent game: follow known columns, average over the others by cover."""
    left, right = item.left[node], item.right[node]
    if left < 0:
        return item.value[node]
    column = item.feature[node]
    if column not in known:
        ways = [(side, item.cover[side] / item.cover[node]) for side in (left, right)]
        return sum(share * expected_value(item, row, known, side) for side, share in ways)
    value = row[column]
    if node in item.categories:
        table = item.categories[node]
        goes_left = table[-1] if np.isnan(value) else table[min(int(value), len(table) - 2)]
    else:
        goes_left = item.missing_left[node] if np.isnan(value) else value <= item.threshold[node]
    return expected_value(item, row, known, left if goes_left else right)


def brute_force(forest: Forest, row):
    """Shapley values by their definition, over all subsets of columns."""
    n = len(row)

    def worth(known):
        return sum(expected_value(item, row, known) for item in forest.trees)

    games = {
        frozenset(known): worth(frozenset(known))
        for size in range(n + 1)
        for known in combinations(range(n), size)
    }
    values = np.zeros(n)
    for column in range(n):
        for known, value in games.items():
            if column not in known:
                weight = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
                values[column] += weight * (games[known | {column}] - value)
    return values, games[frozenset()] + forest.offset, games[frozenset(range(n))] + forest.offset


def test_histogram_boosting_with_categories_by_definition(data, monkeypatch):
    """shap reads scikit-learn's splits by category wrongly, so the definition is the oracle."""
    matrix, score = data
    rows = matrix.copy()
    rows[:5, CATEGORY] = [np.nan, 3, 5, 0, 1]
    model = HistGradientBoostingClassifier(
        max_iter=6, categorical_features=[CATEGORY], max_depth=4
    ).fit(matrix, targets(score, "binary"))
    for few_rows in (0, 10**9):
        monkeypatch.setattr(tree, "FEW_ROWS", few_rows)
        found = tree.explain(model, rows, Request("binary"))
        assert found.method == "tree_shap:woodelf"
        np.testing.assert_allclose(found.output, model.decision_function(rows), atol=1e-12)
    forest = load_forest(model, 1)
    assert any(item.categories for item in forest.trees)
    order = [CATEGORY, 0, 1, 2, 3, CONSTANT]  # scikit-learn moves the encoded category first
    for index in range(6):
        values, base, output = brute_force(forest, rows[index, order])
        np.testing.assert_allclose(found.values[index, order], values, atol=1e-5)
        assert base == pytest.approx(found.base[index], abs=1e-9)
        assert output == pytest.approx(found.output[index], abs=1e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_boosting_of_scikit_learn_by_definition(task, data, monkeypatch):
    """shap refuses several classes here, so the definition is the oracle."""
    monkeypatch.setattr(tree, "FEW_ROWS", 0)
    matrix, score = data
    rows = np.nan_to_num(matrix, nan=-3.0).astype(np.float32).astype(float)
    model = GradientBoostingClassifier(n_estimators=5, random_state=0)
    model.fit(rows, targets(score, task))
    target_class = 2 if task == "multiclass" else 1
    found = tree.explain(model, rows, Request(task, target_class))
    forest = load_forest(model, target_class)
    for index in range(3):
        values, base, output = brute_force(forest, rows[index])
        np.testing.assert_allclose(found.values[index], values, atol=1e-5)
        assert base == pytest.approx(found.base[index], abs=1e-9)
        assert output == pytest.approx(found.output[index], abs=1e-9)


@pytest.mark.parametrize("few_rows", [0, 10**9], ids=["many_rows", "few_rows"])
def test_one_row_and_a_tree_that_is_one_leaf(few_rows, data, monkeypatch):
    monkeypatch.setattr(tree, "FEW_ROWS", few_rows)
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
    monkeypatch.setattr(tree, "FEW_ROWS", 0)
    matrix, score = data
    model = fit_lightgbm(matrix, 1e6 + 1e5 * score, "regression")
    found = tree.explain(model, matrix, Request("regression"))
    values, _ = shap_reference(model, matrix, 1)
    np.testing.assert_allclose(found.values, values, atol=1e-5 * np.abs(values).max())
    assert found.additivity_error < 1e-5 * np.ptp(found.output)


def test_values_at_a_threshold_go_the_librarys_way(monkeypatch):
    monkeypatch.setattr(tree, "FEW_ROWS", 0)
    generator = np.random.default_rng(1)
    matrix = generator.integers(0, 40, size=(400, 3)) / 10  # tenths are not exact in float32
    y = (matrix.sum(axis=1) + generator.normal(scale=0.5, size=400) > 6).astype(int)
    models = [fit_xgboost(matrix, y, "binary"), fit_lightgbm(matrix, y, "binary"),
              RandomForestClassifier(5, random_state=0).fit(matrix, y)]  # fmt: skip
    for model in models:
        found = tree.explain(model, matrix, Request("binary"))
        assert found.method == "tree_shap:woodelf"
        assert found.additivity_error < 1e-4


def test_says_nothing_on_standard_output(data, capfd, monkeypatch):
    monkeypatch.setattr(tree, "FEW_ROWS", 0)
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
