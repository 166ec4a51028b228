"""Every metric against scikit-learn, fairlearn or a sum by hand, overall and by group."""

from __future__ import annotations

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from sklearn import metrics as sk

from audits.core.words.metrics import METRICS as WORDS
from audits.cube.compare import compute_comparison
from audits.cube.counts.view import compute_view
from audits.cube.disparities import DISPARITIES, compute_disparities
from audits.cube.distances import DISTANCES, compute_distance
from audits.cube.metrics import METRICS, available_metrics


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


def benefits(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return 1.0 + p - y


def entropy(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> float:
    b = benefits(y, p)
    return float(((b / b.mean()) ** 2 - 1).sum() / (2 * len(b)))


def theil(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> float:
    b = benefits(y, p) / benefits(y, p).mean()
    return float(special.xlogy(b, b).mean())


ORACLES = {
    "treatment_equality": lambda y, p, s: ((y == 1) & (p == 0)).sum() / ((y == 0) & (p == 1)).sum(),
    "generalized_entropy_index": entropy,
    "theil_index": theil,
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
    others = {"roc_auc_binning_error"}  # its oracle: test_merge, against the exact AUC
    assert {metric.name for metric in METRICS["binary"]} == set(ORACLES) | others
    named = {m.name for table in METRICS.values() for m in table} | {d.name for d in DISPARITIES}
    named |= {d.name for d in DISTANCES}
    assert named <= set(WORDS)


@pytest.mark.parametrize("attributes", [(), ("sex",), ("sex", "race")])
@pytest.mark.parametrize(
    "metric", [m for m in METRICS["binary"] if m.name in ORACLES], ids=lambda metric: metric.name
)
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
    for disparity, found in compute_disparities(view):
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
    expected = sk.precision_score(frame.y_true, frame.y_pred, average="macro")
    assert found["macro_precision"] == pytest.approx(expected)
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
        "standardized_mean_residual": (frame.y_pred - frame.y_true).mean()
        / frame.y_true.std(ddof=0),
        "mean_prediction": frame.y_pred.mean(),
        "mean_outcome": frame.y_true.mean(),
    }
    for name, value in expected.items():
        assert found[name].value[0] == pytest.approx(value, rel=1e-9)
        assert found[name].low[0] < value < found[name].high[0]


def test_errors_of_groups_in_errors_of_all(count, rows) -> None:
    draw = np.random.default_rng(4)
    frame = rows[["row", "sex", "race"]].copy()
    frame["y_true"] = draw.normal(100, 20, len(rows))
    frame["y_pred"] = frame.y_true + draw.normal(0, np.where(frame.sex == "Female", 8, 4))
    cube = count(frame, task="regression", threshold=None)
    metric = next(m for m in METRICS["regression"] if m.name == "relative_mean_absolute_error")
    assert metric not in available_metrics(compute_view(cube))
    view = compute_view(cube, ("sex",))
    assert metric in available_metrics(view)
    error = (frame.y_pred - frame.y_true).abs()
    expected = error.groupby(frame.sex).mean() / error.mean()
    found = metric.compute(view, generator())
    assert found.value == pytest.approx(expected[list(view.labels)].to_numpy(), rel=1e-9)


def test_tests_of_means_equal_scipys(cube, rows) -> None:
    view = compute_view(cube, ("sex",))
    metric = next(m for m in METRICS["binary"] if m.name == "mean_score")
    found = compute_comparison(metric, "difference", metric.compute(view, generator()), 1)
    women, men = (rows.y_score[rows.sex == sex] for sex in view.labels)
    expected = stats.ttest_ind(women, men, equal_var=False)
    assert found.p_values[0] == pytest.approx(expected.pvalue, rel=1e-6)
    assert np.isnan(found.p_values[1])


def test_the_test_of_two_aucs_is_delongs_on_the_logit_scale(cube) -> None:
    view = compute_view(cube, ("sex",))
    metric = next(m for m in METRICS["binary"] if m.name == "roc_auc")
    values = metric.compute(view, generator())
    logit = special.logit(np.array([values.low, values.value, values.high]))
    error = (logit[2] - logit[0]) / 2 / stats.norm.ppf(0.975)
    z = (logit[1][0] - logit[1][1]) / np.hypot(*error)
    found = compute_comparison(metric, "difference", values, 1)
    assert found.p_values[0] == pytest.approx(2 * stats.norm.sf(abs(z)))


@pytest.mark.parametrize("weighted", [False, True])
def test_distances_of_scores_equal_scipys(count, rows, weighted: bool) -> None:
    weight = np.random.default_rng(8).integers(1, 4, len(rows)) if weighted else np.ones(len(rows))
    view = compute_view(count(rows.assign(weight=weight.astype(float))), ("race",))
    reference = view.rows.argmax()
    repeated = rows.loc[rows.index.repeat(weight.astype(int))]
    scores = [repeated.y_score[repeated.race == race].to_numpy() for race in view.labels]
    smirnov, wasserstein = (
        compute_distance(item, view, reference, generator()) for item in DISTANCES
    )
    for position, own in enumerate(scores):
        expected = stats.ks_2samp(own, scores[reference], method="asymp")
        assert smirnov[0].value[position] == pytest.approx(expected.statistic, abs=1e-12)
        apart = stats.wasserstein_distance(own, scores[reference])
        assert wasserstein[0].value[position] == pytest.approx(apart, abs=1e-12)
        if position != reference and not weighted:
            n = len(own) * len(scores[reference]) / (len(own) + len(scores[reference]))
            by_hand = stats.kstwobign.sf(np.sqrt(n) * expected.statistic)
            assert smirnov[1][position] == pytest.approx(by_hand)
    assert (smirnov[0].low <= smirnov[0].value).all()
    assert (smirnov[0].high >= smirnov[0].value).all()


def test_the_interval_of_a_distance_covers(count) -> None:
    """Two groups whose scores are 0 or 1: both distances are the gap of two shares."""
    draw, held = np.random.default_rng(0), 0
    for _ in range(60):
        score = np.concatenate([draw.random(80) < 0.3, draw.random(150) < 0.5]).astype(float)
        frame = pd.DataFrame({"y_score": score, "sex": ["a"] * 80 + ["b"] * 150, "race": "x"})
        view = compute_view(count(frame.assign(y_pred=score.astype(int))), ("sex",))
        values, _ = compute_distance(DISTANCES[0], view, 1, generator())
        held += values.low[0] <= 0.2 <= values.high[0]
    assert held >= 57
