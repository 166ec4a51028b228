"""Every metric against scikit-learn, fairlearn or a sum by hand, overall and by group."""

from __future__ import annotations

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from audits.core.words import METRICS as WORDS
from audits.cube.disparities import DISPARITIES, compute_disparity
from audits.cube.metrics import METRICS, available_metrics
from audits.cube.view import compute_view


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def calibration_error(y: np.ndarray, _: np.ndarray, s: np.ndarray) -> float:
    place = np.minimum((s * 10).astype(int), 9)
    total = 0.0
    for k in range(10):
        inside = place == k
        if inside.any():
            total += inside.sum() * abs(y[inside].mean() - s[inside].mean())
    return total / len(y)


ORACLES = {
    "prevalence": lambda y, p, s: y.mean(),
    "selection_rate": lambda y, p, s: fl.selection_rate(y, p),
    "true_positive_rate": lambda y, p, s: fl.true_positive_rate(y, p),
    "false_positive_rate": lambda y, p, s: fl.false_positive_rate(y, p),
    "true_negative_rate": lambda y, p, s: fl.true_negative_rate(y, p),
    "false_negative_rate": lambda y, p, s: fl.false_negative_rate(y, p),
    "positive_predictive_value": lambda y, p, s: sk.precision_score(y, p),
    "negative_predictive_value": lambda y, p, s: sk.precision_score(1 - y, 1 - p),
    "false_discovery_rate": lambda y, p, s: 1 - sk.precision_score(y, p),
    "false_omission_rate": lambda y, p, s: 1 - sk.precision_score(1 - y, 1 - p),
    "accuracy": lambda y, p, s: sk.accuracy_score(y, p),
    "balanced_accuracy": lambda y, p, s: sk.balanced_accuracy_score(y, p),
    "f1": lambda y, p, s: sk.f1_score(y, p),
    "roc_auc": lambda y, p, s: sk.roc_auc_score(y, s),
    "average_precision": lambda y, p, s: sk.average_precision_score(y, s),
    "log_loss": lambda y, p, s: sk.log_loss(y, s),
    "brier_score": lambda y, p, s: sk.brier_score_loss(y, s),
    "expected_calibration_error": calibration_error,
    "mean_score": lambda y, p, s: s.mean(),
}


def test_every_metric_has_an_oracle_and_words() -> None:
    assert {metric.name for metric in METRICS["binary"]} == set(ORACLES)
    named = {m.name for table in METRICS.values() for m in table} | {d.name for d in DISPARITIES}
    assert named <= set(WORDS)


@pytest.mark.parametrize("attributes", [(), ("sex",), ("sex", "race")])
@pytest.mark.parametrize("metric", METRICS["binary"], ids=lambda metric: metric.name)
def test_metric_equals_its_oracle(cube, rows, metric, attributes) -> None:
    view = compute_view(cube, attributes)
    values = metric.compute(view, generator())
    keys = (
        rows[list(attributes)].agg(" & ".join, axis=1) if attributes else pd.Series("", rows.index)
    )
    for position, label in enumerate(view.labels):
        part = rows[keys == label]
        expected = ORACLES[metric.name](
            *(part[c].to_numpy() for c in ("y_true", "y_pred", "y_score"))
        )
        assert values.value[position] == pytest.approx(expected, abs=1e-9)
        assert values.low[position] <= expected + 1e-12
        assert values.high[position] >= expected - 1e-12


@pytest.mark.parametrize("attributes", [("sex",), ("race",), ("sex", "race")])
def test_disparities_equal_fairlearn(cube, rows, attributes) -> None:
    view = compute_view(cube, attributes)
    data = {
        "y_true": rows.y_true,
        "y_pred": rows.y_pred,
        "sensitive_features": rows[list(attributes)],
    }
    for disparity in DISPARITIES:
        found = compute_disparity(disparity, view, generator())
        if disparity.name == "predictive_parity_difference":
            frame = fl.MetricFrame(metrics=sk.precision_score, **data)
            expected = frame.difference()
        else:
            expected = getattr(fl, disparity.name)(**data)
        assert found.value == pytest.approx(expected, abs=1e-9), disparity.name
        assert found.low <= found.value <= found.high
        assert 0 < found.p_value <= 1


def test_delong_agrees_with_the_rank_definition(cube, rows) -> None:
    """Variance by its definition over all pairs (DeLong 1988), on the logit scale."""
    metric = next(m for m in METRICS["binary"] if m.name == "roc_auc")
    values = metric.compute(compute_view(cube), generator())
    high, low = rows.y_score[rows.y_true == 1].to_numpy(), rows.y_score[rows.y_true == 0].to_numpy()
    wins = (high[:, None] > low).astype(float) + 0.5 * (high[:, None] == low)
    variance = wins.mean(1).var(ddof=1) / len(high) + wins.mean(0).var(ddof=1) / len(low)
    auc = wins.mean()
    half = 1.959963984540054 * np.sqrt(variance) / (auc * (1 - auc))
    logit = np.log(auc / (1 - auc))
    assert values.low[0] == pytest.approx(1 / (1 + np.exp(half - logit)), abs=1e-4)
    assert values.high[0] == pytest.approx(1 / (1 + np.exp(-half - logit)), abs=1e-4)


def test_multiclass_equals_scikit_learn(count, rows) -> None:
    draw = np.random.default_rng(3)
    frame = rows[["row", "sex", "race"]].copy()
    probabilities = draw.dirichlet([2, 1, 1], len(rows))
    frame["y_true"] = draw.choice(["no", "<30", ">30"], len(rows))
    classes = ("<30", ">30", "no")
    frame["y_pred"] = np.array(classes)[probabilities.argmax(1)]
    for k, name in enumerate(classes):
        frame[f"y_score[{name}]"] = probabilities[:, k]
    cube = count(frame, task="multiclass", classes=classes, threshold=None)
    view = compute_view(cube)
    found = {m.name: m.compute(view, generator()).value[0] for m in available_metrics(view)}
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(frame.y_true, frame.y_pred))
    expected = sk.balanced_accuracy_score(frame.y_true, frame.y_pred)
    assert found["balanced_accuracy"] == pytest.approx(expected)
    assert found["f1"] == pytest.approx(sk.f1_score(frame.y_true, frame.y_pred, average="macro"))
    assert found["log_loss"] == pytest.approx(sk.log_loss(frame.y_true, probabilities))


def test_regression_equals_scikit_learn(count, rows) -> None:
    draw = np.random.default_rng(4)
    frame = rows[["row", "sex", "race"]].copy()
    frame["y_true"] = draw.normal(100, 20, len(rows))
    frame["y_pred"] = frame.y_true + draw.normal(1, 5, len(rows))
    cube = count(frame, task="regression", threshold=None)
    view = compute_view(cube)
    found = {m.name: m.compute(view, generator()) for m in available_metrics(view)}
    expected = {
        "mean_absolute_error": sk.mean_absolute_error(frame.y_true, frame.y_pred),
        "root_mean_squared_error": sk.root_mean_squared_error(frame.y_true, frame.y_pred),
        "r2": sk.r2_score(frame.y_true, frame.y_pred),
        "mean_residual": (frame.y_pred - frame.y_true).mean(),
    }
    for name, value in expected.items():
        assert found[name].value[0] == pytest.approx(value, rel=1e-9)
        assert found[name].low[0] < value < found[name].high[0]
