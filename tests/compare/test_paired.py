"""Changes on the same rows, against counts by hand, scipy, and the rows themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.compare.load import load_pairs
from audits.compare.paired import PairedTests
from audits.compare.pairs import PairedCounts, group_pairs
from audits.compare.run import run_comparison


def change(people: pd.DataFrame, seed: int = 1, noise: float = 0.5) -> pd.DataFrame:
    """The same people decided anew, with other noise."""
    latent = people["latent"] + np.random.default_rng(seed).normal(0, noise, len(people))
    return people.assign(latent=latent, y_pred=(latent > 0.4).astype(np.int32))


@pytest.fixture
def both(people, make_run):
    after = change(people)
    runs = make_run(people), make_run(after.sample(frac=1.0, random_state=0))
    return people, after, *runs


def find(comparison, name):
    return next(item for item in comparison.changes if item.id == name)


def test_pairs_are_counted_by_hand(make_run) -> None:
    rows = pd.DataFrame(
        {
            "row": list("abcdefgh"),
            "y_true": np.array([1, 1, 1, 1, 0, 0, 0, 0], np.int32),
            "y_pred": np.array([1, 1, 0, 0, 1, 0, 0, 0], np.int32),
            "sex": ["F", "F", "F", "M", "M", "M", "F", "F"],
        }
    )
    after = rows.assign(y_pred=np.array([1, 0, 1, 1, 1, 1, 0, 0], np.int32))
    pairs = load_pairs(make_run(rows), make_run(after[::-1]))
    assert isinstance(pairs, PairedCounts)
    grouped = group_pairs(pairs, ("sex",))
    assert grouped.labels == ("F", "M")
    assert grouped.discordant.tolist() == [2, 2]
    # [true, before, after]: women of true outcome 1 are kept, lost and gained once each.
    assert grouped.joint[0, 1].tolist() == [[0, 1], [1, 1]]
    assert grouped.joint[0, 0].tolist() == [[2, 0], [0, 0]]
    assert grouped.joint[1, 1].tolist() == [[0, 1], [0, 0]]
    assert grouped.joint[1, 0].tolist() == [[0, 1], [0, 1]]


def test_shares_are_tested_by_mcnemar(both) -> None:
    before, after, *runs = both
    found = run_comparison(*runs)
    assert found.basis == "paired"
    for group in ("Female", "Male"):
        women = before["sex"] == group
        for name, rows, old, new in (
            ("selection_rate", women, before["y_pred"], after["y_pred"]),
            (
                "true_positive_rate",
                women & (before["y_true"] == 1),
                before["y_pred"],
                after["y_pred"],
            ),
            (
                "accuracy",
                women,
                before["y_pred"] == before["y_true"],
                after["y_pred"] == before["y_true"],
            ),
        ):
            was, now = old[rows].astype(int), new[rows].astype(int)
            gained, lost = (
                int(((was == 0) & (now == 1)).sum()),
                int(((was == 1) & (now == 0)).sum()),
            )
            item = find(found, f"{name}[sex={group}]")
            assert item.change.value == pytest.approx(now.mean() - was.mean())
            assert item.p_value == pytest.approx(stats.binomtest(gained, gained + lost).pvalue)
            assert item.change.low < item.change.value < item.change.high


def test_gaps_agree_with_dealing_the_rows_themselves(both) -> None:
    """Flipping counts is flipping rows: the same null spread, so the same p-value."""
    before, after, *runs = both
    found = run_comparison(*runs)
    draw = np.random.default_rng(0)
    women = (before["sex"] == "Female").to_numpy()
    old, new, true = (
        part.to_numpy() for part in (before["y_pred"], after["y_pred"], before["y_true"])
    )

    def gap(decided, which):
        rows = np.ones(len(true), bool) if which == "selection_rate" else true == 1
        if which == "positive_predictive_value":
            return true[women & (decided == 1)].mean() - true[~women & (decided == 1)].mean()
        return decided[women & rows].mean() - decided[~women & rows].mean()

    for name in ("selection_rate", "true_positive_rate", "positive_predictive_value"):
        item = find(found, f"{name}_difference[sex=Female|Male]")
        seen = abs(gap(new, name)) - abs(gap(old, name))
        assert item.change.value == pytest.approx(seen)
        flips = draw.random((3000, len(true))) < 0.5
        null = [
            abs(gap(np.where(f, new, old), name)) - abs(gap(np.where(f, old, new), name))
            for f in flips
        ]
        by_rows = (1 + np.sum(np.abs(null) >= abs(seen))) / 3001
        # The counted one may be the smaller where the runs vary more than their labels do.
        assert item.p_value >= by_rows - 0.04
        assert item.p_value <= max(1.5 * by_rows, by_rows + 0.15)


def test_means_are_tested_by_t(people, make_run) -> None:
    before = people.assign(y_score=1 / (1 + np.exp(-people["latent"])))
    moved = change(people, noise=0.1)
    after = moved.assign(y_score=1 / (1 + np.exp(-moved["latent"])))
    found = run_comparison(make_run(before), make_run(after))
    true = before["y_true"]
    losses = [(part["y_score"] - true) ** 2 for part in (before, after)]
    item = find(found, "brier_score")
    expected = stats.ttest_rel(losses[1], losses[0])
    assert item.p_value == pytest.approx(expected.pvalue)
    assert (item.change.low, item.change.high) == pytest.approx(
        tuple(expected.confidence_interval())
    )
    women = before["sex"] == "Female"
    steps = (
        (after["y_score"] - before["y_score"])[women],
        (after["y_score"] - before["y_score"])[~women],
    )
    gap = find(found, "mean_score_difference[sex=Female|Male]")
    assert gap.p_value == pytest.approx(stats.ttest_ind(*steps, equal_var=False).pvalue)


def test_weights_count_as_rows_do(people, make_run) -> None:
    """Everybody twice as one row of weight 2: the same change, no surer than the rows are."""
    after = change(people)
    plain = run_comparison(make_run(people), make_run(after))
    double = run_comparison(make_run(people.assign(weight=2.0)), make_run(after.assign(weight=2.0)))
    for name in ("selection_rate", "accuracy[sex=Male]"):
        one, other = find(plain, name), find(double, name)
        assert other.change.value == pytest.approx(one.change.value)
        assert other.p_value == pytest.approx(one.p_value)


def test_rows_that_are_not_the_same_are_not_paired(people, make_run) -> None:
    run = make_run(people)
    others = {
        "do not have the same rows": people.iloc[:-1],
        "other true outcomes": people.assign(y_true=1 - people["y_true"]),
    }
    for words, rows in others.items():
        reason = load_pairs(run, make_run(rows))
        assert isinstance(reason, str) and words in reason
    twice = pd.concat([people, people.iloc[:1]])
    assert isinstance(load_pairs(make_run(twice), make_run(twice)), str)
    # A column whose groups were cut otherwise is left out; the rest is paired all the same.
    shuffled = people.assign(sex=people["sex"].to_numpy()[::-1])
    pairs = load_pairs(run, make_run(shuffled))
    assert isinstance(pairs, PairedCounts) and not pairs.groups


def test_few_rows_decided_otherwise_are_never_sure(make_run, people) -> None:
    """Three rows out of a thousand: no p-value under 2 to the minus 2, whatever is asked."""
    turned = people["y_pred"].copy()
    turned.iloc[[1, 2, 3]] = 1 - turned.iloc[[1, 2, 3]]
    runs = make_run(people), make_run(people.assign(y_pred=turned))
    pairs = load_pairs(*runs)
    assert isinstance(pairs, PairedCounts)
    tests = PairedTests(pairs, 0)
    for before in runs[0].report.measurements:
        after = runs[1].report.by_id.get(before.id)  # who is best off may have changed
        if after is None or before.estimate is None or after.estimate is None:
            continue
        found = tests.test(before, after)
        assert found is None or found.p_value >= 0.25
