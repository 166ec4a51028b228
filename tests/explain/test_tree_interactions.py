"""Interaction values against the definition, shap, and the attributions they sum to."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
import shap
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.core.errors import CheckNotApplicableError, InputError
from audits.explain.columns import Request
from audits.explain.engine import SERVICE
from audits.explain.trees import engine as tree
from audits.explain.trees.by_rows import compute_interactions
from audits.explain.trees.interactions import compute_tree_interactions
from audits.trees.forest import load_forest
from tests.explain.all_rows import compute_attributions
from tests.explain.games import compute_shapley_interactions, path_game
from tests.explain.tree_models import KINDS, draw_data, fit_xgboost, rows_for, targets
from tests.near import open_near

pytestmark = pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning")


@pytest.fixture(scope="module")
def data():
    return draw_data()


@pytest.mark.parametrize("name", KINDS)
def test_equals_the_definition_and_sums_to_the_attributions(name, data):
    matrix, score = data
    task, fit = KINDS[name]
    model = fit(matrix, targets(score, task), task)
    rows = rows_for(name, matrix)[:12]
    target_class = 2 if task == "multiclass" else 1
    found = compute_tree_interactions(model, rows, Request(task, target_class))
    own = tree.explain(model, rows, Request(task, target_class))
    np.testing.assert_allclose(found.values, found.values.transpose(0, 2, 1), atol=1e-12)
    np.testing.assert_allclose(found.values.sum(axis=2), own.values, atol=1e-5)
    np.testing.assert_array_equal(found.output, own.output)
    forest = load_forest(model, target_class)
    plain = rows.astype(forest.dtype).astype(float)
    for index in (0, 5):
        expected = compute_shapley_interactions(path_game(forest, plain[index]), 6)
        np.testing.assert_allclose(found.values[index], expected, atol=1e-9)


def test_equals_shap(data):
    matrix, score = data
    model = fit_xgboost(matrix, targets(score, "binary"), "binary")
    found = compute_tree_interactions(model, matrix[:50], Request("binary"))
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    expected = explainer.shap_interaction_values(matrix[:50])
    np.testing.assert_allclose(found.values, expected, atol=1e-4)


def test_one_hot_columns_are_one_raw_column_on_both_axes(tmp_path):
    generator = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "job": generator.choice(["a", "b", "c", "d"], 400),
            "age": generator.normal(size=400),
            "noise": generator.normal(size=400),
        }
    )
    y = ((frame["job"] == "a") & (frame["age"] > 0)).map({True: "yes", False: "no"})
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["job"]), remainder="passthrough"
    )
    forest = RandomForestClassifier(20, max_depth=5, random_state=0)
    skops.io.dump(make_pipeline(encoder, forest).fit(frame, y), tmp_path / "m.skops")
    with open_near(tmp_path / "m.skops", services=[SERVICE]) as client:
        found = compute_interactions(client, frame[:60])
        mirror = compute_interactions(client, frame[:60], target_class=0)
        own = compute_attributions(client, frame[:60], background=None)
        with pytest.raises(InputError, match="no rows"):
            compute_interactions(client, frame[:0])
    assert found.features == ("job", "age", "noise")
    np.testing.assert_allclose(found.values.sum(axis=2), own.values, atol=1e-9)
    total = found.base + found.values.sum(axis=(1, 2))
    np.testing.assert_allclose(total, found.output, atol=1e-9)
    np.testing.assert_allclose(mirror.values, -found.values, atol=1e-12)
    np.testing.assert_allclose(mirror.output, 1 - found.output, atol=1e-12)
    strength = np.abs(found.values).mean(axis=0)
    assert strength[0, 1] > 5 * max(strength[0, 2], strength[1, 2])  # planted: job and age


def test_an_additive_model_has_no_interactions():
    generator = np.random.default_rng(5)
    matrix = generator.normal(size=(500, 4))
    y = matrix[:, 0] + np.abs(matrix[:, 1])
    stumps = {"objective": "regression", "num_leaves": 2, "verbose": -1}
    model = lightgbm.train(stumps, lightgbm.Dataset(matrix, y), 30)
    found = compute_tree_interactions(model, matrix, Request("regression"))
    apart = ~np.eye(4, dtype=bool)
    assert np.abs(found.values[:, apart]).max() == 0
    assert np.abs(found.values[:, 0, 0]).mean() > 0.3


def test_other_models_have_no_exact_interactions(tmp_path, data):
    matrix, score = data
    rows = np.nan_to_num(matrix)
    skops.io.dump(LogisticRegression().fit(rows, score > 0.3), tmp_path / "m.skops")
    frame = pd.DataFrame(rows[:5], columns=[f"f{k}" for k in range(6)])
    with (
        open_near(tmp_path / "m.skops", services=[SERVICE]) as client,
        pytest.raises(CheckNotApplicableError, match="not for a model of kind sklearn"),
    ):
        compute_interactions(client, frame)
