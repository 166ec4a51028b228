"""Permutation importance: by hand, against scikit-learn, and its coverage by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from audits.core.errors import CheckNotApplicableError
from audits.explain.effects.permutation import (
    compute_permutation_importance,
    compute_switch_variance,
    draw_donors,
)
from audits.explain.groups.losses import build_losses, compute_auc_losses


def importances(predict, frame, task, truth, seed=0, **options):
    losses = build_losses(task, truth, 1)
    found = compute_permutation_importance(
        predict, frame, losses, np.random.default_rng(seed), **options
    )
    return {(item.loss, item.feature): item for item in found}


def test_toy_by_hand():
    """Answers are the column itself, and right. Rows (0, 0, 6): a row that gets another's value
    is off by 0 or 6; over all ordered pairs of rows 4 of 6 are off by 6, so 24 on average."""
    frame = pd.DataFrame({"x": [0.0, 0.0, 6.0], "idle": [1.0, 2.0, 3.0], "same": [5, 5, 5]})
    truth = np.array([0.0, 0.0, 6.0])
    found = importances(lambda f: f["x"].to_numpy(), frame, "regression", truth, repeats=2)
    # Two repeats of three rows are all six ordered pairs.
    assert found["squared_error", "x"].value == pytest.approx(24)
    idle = found["squared_error", "idle"]
    assert (idle.value, idle.low, idle.high, idle.p_value) == (0, 0, 0, 1)
    assert "one value only" in found["squared_error", "same"].reason
    assert np.isnan(found["squared_error", "same"].value)


def test_donors_are_permutations_without_fixed_points_or_repeats():
    donors = draw_donors(7, 6, np.random.default_rng(0))
    assert all(sorted(row) == list(range(7)) for row in donors.tolist())
    assert all(sorted([i, *donors[:, i]]) == list(range(7)) for i in range(7))


def test_losses_are_scikit_learns():
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, 300), np.round(rng.random(300), 2)
    p[:3] = [0, 1, 0]
    answers = np.column_stack([1 - p, p])
    found = {loss.name: loss.compute(answers).mean() for loss in build_losses("binary", y, 1)}
    assert found["brier_score"] == pytest.approx(brier_score_loss(y, p))
    assert found["log_loss"] == pytest.approx(log_loss(y, p))
    assert found["roc_auc"] == pytest.approx(1 - roc_auc_score(y, p))
    mirrored = {
        loss.name: loss.compute(answers[:, ::-1]).mean() for loss in build_losses("binary", y, 0)
    }
    assert mirrored == pytest.approx(found)
    assert [loss.name for loss in build_losses("binary", np.ones(4), 1)] == [
        "brier_score",
        "log_loss",
    ]
    k = rng.integers(0, 3, 300)
    q = rng.dirichlet([1, 1, 1], 300)
    many = {loss.name: loss.compute(q).mean() for loss in build_losses("multiclass", k, None)}
    assert many["log_loss"] == pytest.approx(log_loss(k, q))
    assert many["brier_score"] == pytest.approx(((q - np.eye(3)[k]) ** 2).sum(axis=1).mean())


def test_spread_of_the_auc_is_delongs():
    """Var(V10) / m + Var(V01) / n, each component counted pair by pair."""
    rng = np.random.default_rng(4)
    hits = rng.random(80) < 0.3
    scores = np.round(rng.normal(size=80) + hits, 1)
    pairs = (scores[hits][:, None] > scores[~hits]) + 0.5 * (scores[hits][:, None] == scores[~hits])
    expected = pairs.mean(axis=1).var() / hits.sum() + pairs.mean(axis=0).var() / (~hits).sum()
    losses = compute_auc_losses(scores, hits)
    assert losses.mean() == pytest.approx(1 - pairs.mean())
    assert losses.var() / 80 == pytest.approx(expected)


def test_scikit_learns_in_expectation():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    y = (frame["a"] + 0.5 * frame["b"] + rng.normal(0, 0.7, 120) > 0).to_numpy(int)
    model = RandomForestClassifier(20, max_depth=4, random_state=0).fit(frame, y)
    ours = importances(model.predict_proba, frame, "binary", y, repeats=100)
    theirs = permutation_importance(
        model, frame, y, n_repeats=300, random_state=0,
        scoring=["neg_brier_score", "neg_log_loss", "roc_auc"],
    )  # fmt: skip
    for name, scorer in [("brier_score", "neg_brier_score"), ("log_loss", "neg_log_loss"),
                         ("roc_auc", "roc_auc")]:  # fmt: skip
        for place, feature in enumerate("abc"):
            draws = theirs[scorer].importances[place]
            # A shuffle leaves one row in n where it was on average; ours leaves none.
            expected = draws.mean() * 120 / 119
            error = draws.std(ddof=1) * np.sqrt(1 / 300 + 1 / 100)
            assert abs(ours[name, feature].value - expected) < 4 * error + 1e-12, (name, feature)


def test_all_pairs_give_the_u_statistic():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"x": rng.normal(size=12), "z": rng.normal(size=12)})
    truth = rng.normal(size=12)
    found = importances(
        lambda f: (f["x"] * f["z"]).to_numpy(), frame, "regression", truth, repeats=11
    )
    x, z = frame["x"].to_numpy(), frame["z"].to_numpy()
    switched = np.mean(
        [(x[j] * z[i] - truth[i]) ** 2 for i, j in itertools.permutations(range(12), 2)]
    )
    assert found["squared_error", "x"].value == pytest.approx(
        switched - np.mean((x * z - truth) ** 2)
    )


def simulate(task, runs, n, seed):
    """Return the share of intervals that hold 0 for a column that tells nothing but is used, that
    hold the true value for one that tells something, and raw p-values of the first.

    y = x1 + noise; the model answers x1 + 0.5 * noise column. Squared error: switching x1 costs
    2 (its variance twice), switching the other column costs nothing.
    """
    rng = np.random.default_rng(seed)
    null, real, p_values = [], [], []
    for run in range(runs):
        frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "idle"])
        raw = frame["x"] + rng.normal(0, 1, n)
        if task == "regression":
            truth = raw.to_numpy()
            found = importances(
                lambda f: (f["x"] + 0.5 * f["idle"]).to_numpy(), frame, task, truth, seed=run
            )
            names = ["squared_error"]
            item = found["squared_error", "x"]
            real.append(item.low <= 2 <= item.high)
        else:
            truth = (raw > 0).to_numpy(int)

            def answer(f):
                p = 1 / (1 + np.exp(-(f["x"] + 0.8 * f["idle"]).to_numpy()))
                return np.column_stack([1 - p, p])

            found = importances(answer, frame, task, truth, seed=run)
            names = ["brier_score", "log_loss", "roc_auc"]
        for name in names:
            item = found[name, "idle"]
            null.append(item.low <= 0 <= item.high)
            p_values.append(item.p_value)
    return np.mean(null), np.mean(real) if real else None, np.array(p_values)


def test_a_column_that_tells_nothing_covers_zero():
    share, real, p_values = simulate("regression", 600, 150, seed=7)
    assert 0.925 < share < 0.975
    assert 0.92 < real < 0.98
    assert np.mean(p_values < 0.05) < 0.075


def test_so_do_probabilities_and_ranks():
    share, _, p_values = simulate("binary", 300, 200, seed=8)
    assert 0.925 < share < 0.975
    assert np.mean(p_values < 0.05) < 0.075


def test_variance_is_that_of_new_data():
    rng = np.random.default_rng(9)
    values, claimed = [], []
    for _ in range(800):
        x, z = rng.normal(size=(2, 60))
        donors = draw_donors(60, 3, rng)
        rises = (x[donors] - x) * z + np.abs(x[donors]) + z**2
        values.append(rises.mean())
        claimed.append(compute_switch_variance(rises, donors))
    assert np.mean(claimed) == pytest.approx(np.var(values), rel=0.15)


def test_the_spread_of_repeats_alone_does_not_cover_and_ours_does():
    """A column that is used and tells nothing, shuffled in 2,000 samples of 150 rows."""
    rng, n, repeats, runs = np.random.default_rng(0), 150, 5, 2000
    ours = usual = 0
    for _ in range(runs):
        z, noise = rng.normal(size=(2, n))
        donors = draw_donors(n, repeats, rng)
        rises = (noise - 0.5 * z[donors]) ** 2 - (noise - 0.5 * z) ** 2
        mean, spread = abs(rises.mean()), rises.mean(axis=1).std(ddof=1) / np.sqrt(repeats)
        error = np.sqrt(compute_switch_variance(rises, donors))
        ours += mean <= stats.t.ppf(0.975, n - 1) * error
        usual += mean <= stats.t.ppf(0.975, repeats - 1) * spread
    assert 0.93 < ours / runs < 0.97
    assert usual / runs < 0.75


def test_p_values_are_adjusted_over_the_columns_of_a_loss():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(rng.normal(size=(100, 6)), columns=list("abcdef"))
    truth = frame["a"].to_numpy() + rng.normal(size=100)
    weights = np.array([1, 0.2, 0.2, 0.2, 0.2, 0.2])
    found = importances(lambda f: f.to_numpy() @ weights, frame, "regression", truth)
    raw = {}
    for (_, name), item in found.items():
        error = (item.high - item.value) / stats.t.ppf(0.975, 99)
        raw[name] = 2 * stats.t.sf(abs(item.value) / error, 99)
    least = min(raw, key=raw.get)
    assert found["squared_error", least].p_value == pytest.approx(6 * raw[least])
    assert all(found["squared_error", name].p_value >= raw[name] for name in raw)


def test_too_few_rows_are_named():
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    with pytest.raises(CheckNotApplicableError, match="2 rows are too few"):
        importances(lambda f: f["x"].to_numpy(), frame, "regression", np.zeros(2))


def test_text_and_missing_values_are_dealt_out_as_they_are():
    frame = pd.DataFrame({"town": ["a", None, "b", "a"] * 20, "n": [1, 2, 3, 4] * 20})
    truth = (frame["town"] == "a").to_numpy(float)
    seen = []

    def answer(rows):
        seen.append(rows["town"].isna().sum())
        return (rows["town"] == "a").to_numpy(float)

    found = importances(answer, frame, "regression", truth)
    assert found["squared_error", "town"].value == pytest.approx(0.5, abs=0.1)
    assert seen[0] == 20  # as many values are missing as before
    assert sum(seen[1:]) == 20 * 10


def test_a_fitted_model_finds_what_matters():
    rng = np.random.default_rng(12)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))
    y = 2 * frame["a"] + frame["b"] + rng.normal(0, 0.5, 500)
    model = LinearRegression().fit(frame, y)
    found = importances(model.predict, frame, "regression", y.to_numpy())
    # Of a linear model: twice the variance times the squared coefficient.
    for name, coefficient in zip("ab", model.coef_, strict=False):
        item = found["squared_error", name]
        assert item.low < 2 * coefficient**2 * frame[name].var() < item.high
        assert item.p_value < 1e-6
    assert found["squared_error", "c"].p_value > 0.05
