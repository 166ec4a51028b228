"""How well one column tells the outcome: brute force, scikit-learn, and chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from audits.diagnostics.leakage import compute_concordance, compute_leakage, describe_relation
from audits.diagnostics.proxies import split_halves

ROWS = 2_000


def halves(n: int = ROWS, seed: int = 0) -> np.ndarray:
    return split_halves(n, np.random.default_rng(seed))


@pytest.mark.parametrize(("n", "levels", "digits"), [(40, 3, 0), (250, 12, 1), (300, 300, 6)])
def test_concordance_equals_all_pairs(n: int, levels: int, digits: int) -> None:
    draw = np.random.default_rng(n)
    scores = draw.integers(0, levels, n).astype(float)
    outcome = (scores / levels + draw.normal(0, 0.5, n)).round(digits)
    above, differs = np.sign(scores[:, None] - scores), np.sign(outcome[:, None] - outcome)
    pairs = differs != 0
    expected = ((above * differs > 0) + 0.5 * (above == 0))[pairs].mean()
    found = compute_concordance(scores, outcome)
    assert found is not None
    assert found.auc == pytest.approx(expected, abs=1e-12)
    if levels < 100:
        # Somers' D of the scores, given the outcome, is the same number on another scale.
        somers = stats.somersd(outcome, scores).statistic
        assert found.auc == pytest.approx((somers + 1) / 2, abs=1e-9)
    assert found.low < found.auc < found.high


def test_concordance_of_yes_and_no_is_the_auc() -> None:
    draw = np.random.default_rng(3)
    outcome = draw.integers(0, 2, 400).astype(float)
    scores = (outcome + draw.normal(0, 1, 400)).round(1)
    found = compute_concordance(scores, outcome)
    assert found is not None
    assert found.auc == pytest.approx(roc_auc_score(outcome, scores), abs=1e-12)
    assert compute_concordance(scores, np.ones(400)) is None


def test_concordance_interval_covers() -> None:
    """The truth is that of a sample a hundred times as large."""

    def sample(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        draw = np.random.default_rng(seed)
        scores = draw.integers(0, 8, n).astype(float)
        return scores, scores / 8 + draw.normal(0, 0.2, n)

    truth = compute_concordance(*sample(20_000, 1))
    assert truth is not None
    found = [compute_concordance(*sample(200, seed)) for seed in range(2, 302)]
    covered = np.mean([one is not None and one.low <= truth.auc <= one.high for one in found])
    assert 0.92 <= covered <= 0.985


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_copies_tell_all_and_noise_tells_nothing(task: str) -> None:
    draw = np.random.default_rng(1)
    number = draw.normal(size=ROWS)
    outcome = {
        "binary": (number > 0.5).astype(int),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(number, [-0.5, 0.5])],
        "regression": number,
    }[task]
    for values, least in ((number, 0.95), (number + draw.normal(0, 0.5, ROWS), 0.7)):
        told = compute_leakage(pd.Series(values), outcome, halves(), task)
        assert told is not None
        assert told.n == ROWS // 2
        assert told.low > least
    texts = pd.Series(draw.choice([f"t{n}" for n in range(600)], ROWS))
    for noise in (pd.Series(draw.normal(size=ROWS)), texts, pd.Series(["one"] * ROWS)):
        told = compute_leakage(noise, outcome, halves(), task)
        assert told is not None
        assert told.low - 0.02 < 0.5 < told.high + 0.02


def test_a_value_that_is_missing_may_tell_all() -> None:
    outcome = np.random.default_rng(0).integers(0, 2, ROWS)
    paid = pd.Series(np.where(outcome == 1, 3.5, np.nan))
    told = compute_leakage(paid, outcome, halves(), "binary")
    assert told is not None
    assert told.auc == 1.0
    assert (
        describe_relation(paid, pd.Series(outcome), "binary") == ""
    )  # rows with a value: one outcome


def test_binary_equals_scikit_learn_on_the_other_half() -> None:
    draw = np.random.default_rng(8)
    outcome = draw.integers(0, 2, ROWS)
    city = pd.Series(np.where(draw.random(ROWS) < 0.3 + 0.3 * outcome, "north", "south"))
    learned = halves()
    told = compute_leakage(city, outcome, learned, "binary")
    score = (city == "north").astype(float)[~learned]
    assert told is not None
    assert told.auc == pytest.approx(roc_auc_score(outcome[~learned], score), abs=1e-12)


def test_too_few_rows_of_an_outcome() -> None:
    outcome = np.zeros(ROWS, dtype=int)
    outcome[:25] = 1
    values = pd.Series(np.arange(ROWS, dtype=float))
    assert compute_leakage(values, outcome, halves(), "binary") is None
    few = np.arange(30, dtype=float)
    assert compute_leakage(pd.Series(few), few, halves(30), "regression") is None


def test_relations() -> None:
    draw = np.random.default_rng(2)
    truth = pd.Series(draw.choice(["no", "yes"], 500))
    cases = {
        "same": truth,
        "recoding": truth.map({"no": 5, "yes": 3}),
        "determines": pd.Series(np.where(truth == "yes", draw.choice(["a", "b"], 500), "c")),
        "": pd.Series(draw.choice(["a", "b"], 500)),
    }
    for relation, values in cases.items():
        assert describe_relation(values, truth, "binary") == relation
    # Rows without a value say nothing; ids settle every outcome, but only because nobody shares one.
    holes = cases["recoding"].astype(float).mask(draw.random(500) < 0.2)
    assert describe_relation(holes, truth, "binary") == "recoding"
    ids = pd.Series([f"r{n}" for n in range(500)])
    assert describe_relation(ids, truth, "binary") == ""
    assert describe_relation(pd.Series([np.nan] * 500), truth, "binary") == ""


def test_relations_of_numbers() -> None:
    draw = np.random.default_rng(2)
    truth = pd.Series(draw.normal(size=500).round(4))
    assert describe_relation(truth.copy(), truth, "regression") == "same"
    assert describe_relation(-100 * truth, truth, "regression") == "recoding"
    assert describe_relation(truth + draw.normal(0, 0.01, 500), truth, "regression") == ""
