"""Linear SHAP against brute-force Shapley values of the interventional game, and additivity."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)

from audits.explain import linear
from audits.explain.columns import Request

GENERATOR = np.random.default_rng(3)
MATRIX = GENERATOR.normal(size=(200, 4)) * [1.0, 3.0, 0.5, 1.0]
SCORE = MATRIX @ [1.0, -0.4, 2.0, 0.0] + GENERATOR.normal(size=200)
BINARY = (SCORE > 0).astype(int)
THREE = np.digitize(SCORE, [-1.0, 1.0])

CLASSIFIERS = [
    LogisticRegression(),
    SGDClassifier(loss="log_loss", random_state=0),
    LinearDiscriminantAnalysis(),
]


def brute_force(worth, row, background):
    """Shapley values of `worth` where absent columns take the values of each background row."""
    n = len(row)

    def game(known):
        rows = background.copy()
        rows[:, list(known)] = row[list(known)]
        return worth(rows).mean()

    values = np.zeros(n)
    for column in range(n):
        others = [other for other in range(n) if other != column]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for known in combinations(others, size):
                values[column] += weight * (game((*known, column)) - game(known))
    return values


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classifier_equals_brute_force(model, task):
    model.fit(MATRIX, BINARY if task == "binary" else THREE)
    background = MATRIX[:30]
    request = Request(task, 2 if task == "multiclass" else 1, background=background)
    found = linear.explain(model, MATRIX[50:60], request)

    def worth(rows):
        answer = model.decision_function(rows)
        return answer if answer.ndim == 1 else answer[:, 2]

    expected = [brute_force(worth, row, background) for row in MATRIX[50:60]]
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    np.testing.assert_allclose(found.output, worth(MATRIX[50:60]), atol=1e-12)
    assert found.additivity_error < 1e-9
    assert (found.space, found.exact, found.budget) == ("margin", True, 0)


@pytest.mark.parametrize(
    "model",
    [LinearRegression(), Ridge(), SGDRegressor(random_state=0), TweedieRegressor(power=0)],
    ids=lambda model: type(model).__name__,
)
def test_regression_equals_brute_force(model):
    model.fit(MATRIX, SCORE)
    background = MATRIX[:20]
    request = Request("regression", 1, background=background)
    found = linear.explain(model, MATRIX[50:55], request)
    expected = [brute_force(model.predict, row, background) for row in MATRIX[50:55]]
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    np.testing.assert_allclose(found.base, model.predict(background).mean(), atol=1e-9)
    assert found.space == "target"


def test_a_log_link_is_explained_before_the_link():
    model = PoissonRegressor().fit(MATRIX, np.abs(SCORE))
    found = linear.explain(model, MATRIX, Request("regression", background=MATRIX))
    assert found.space == "margin"
    np.testing.assert_allclose(np.exp(found.output), model.predict(MATRIX))
    assert found.additivity_error < 1e-9


def test_without_a_baseline_the_origin_is_the_point_of_comparison():
    model = Ridge().fit(MATRIX, SCORE)
    found = linear.explain(model, MATRIX[:3], Request("regression"))
    np.testing.assert_allclose(found.values, MATRIX[:3] * model.coef_)
    np.testing.assert_allclose(found.base, model.intercept_)
