"""Small models of every tree library, their data, and what they answer themselves."""

import lightgbm
import numpy as np
import xgboost
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

N_ROWS = 240
CATEGORY = 4
CONSTANT = 5


def draw_data():
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
