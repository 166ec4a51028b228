"""The real data: every test row of Adult explained, and a sample compared with shap."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder

from audits.explain.columns import Request, sum_by_owner
from audits.explain.trees import engine as tree

pytestmark = [
    pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer"),
    pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning"),
]

SETTINGS = {"objective": "binary", "num_leaves": 15, "verbose": -1, "num_threads": 2, "seed": 0}
TREES = 200
SAMPLE = 500


@pytest.fixture(scope="module")
def adult(shared_data):
    parts = []
    for name in ("adult_train.csv", "adult_test.csv"):
        rows = pd.read_csv(shared_data / name, na_values="?", skipinitialspace=True)
        parts.append((rows.drop(columns="income"), rows["income"].str.startswith(">50K")))
    assert [len(rows) for rows, _ in parts] == [32_561, 16_281]
    return parts


def check(model, matrix):
    """Explain all rows; compare a sample with shap; return the attribution."""
    found = tree.explain(model, matrix, Request("binary"))
    assert found.method == "tree_shap:linear_tree_shap"
    assert found.values.shape == matrix.shape
    np.testing.assert_allclose(found.output, model.predict(matrix, raw_score=True), atol=1e-12)
    assert found.additivity_error < 1e-4
    sample = np.random.default_rng(0).choice(len(matrix), SAMPLE, replace=False)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    expected = explainer.shap_values(matrix[sample], check_additivity=False)
    np.testing.assert_allclose(found.values[sample], expected, atol=1e-4)
    return found


def test_lightgbm_with_native_categories(adult):
    (train, y), (test, _) = adult
    words = train.select_dtypes(exclude="number").columns
    types = {name: pd.CategoricalDtype(sorted(train[name].dropna().unique())) for name in words}
    codes = [
        rows.assign(**{name: rows[name].astype(types[name]).cat.codes for name in words})
        for rows in (train, test)
    ]
    matrices = [
        item.replace({name: {-1: np.nan} for name in words}).to_numpy(float) for item in codes
    ]
    positions = [train.columns.get_loc(name) for name in words]
    data = lightgbm.Dataset(matrices[0], y, categorical_feature=positions)
    found = check(lightgbm.train(SETTINGS, data, TREES), matrices[1])
    strongest = np.abs(found.values).mean(axis=0).argsort()[::-1][:5]
    assert "capital_gain" in train.columns[strongest]


def test_lightgbm_behind_one_hot_columns(adult):
    (train, y), (test, _) = adult
    words = list(train.select_dtypes(exclude="number").columns)
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).fit(train)
    model = lightgbm.train(SETTINGS, lightgbm.Dataset(encoder.transform(train), y), TREES)
    found = check(model, np.asarray(encoder.transform(test), dtype=float))
    names = encoder.get_feature_names_out()
    owner = [
        next(i for i, raw in enumerate(train.columns) if name == raw or name.startswith(f"{raw}_"))
        if name not in train.columns
        else train.columns.get_loc(name)
        for name in names
    ]
    raw = sum_by_owner(found.values, np.array(owner), train.shape[1])
    np.testing.assert_allclose(found.base + raw.sum(axis=1), found.output, atol=1e-4)
    of_education = [j for j, name in enumerate(names) if name.startswith("education_") and
                    name != "education_num"]  # fmt: skip
    np.testing.assert_allclose(
        raw[:, train.columns.get_loc("education")],
        found.values[:, of_education].sum(axis=1),
        atol=1e-9,
    )
