"""The draws that the generators share."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from sample_models.files import save_csv
from sample_models.sampling import (
    blank_numbers,
    blank_texts,
    compute_logistic,
    draw_categories,
    draw_outcome,
    permute_together,
    swap_labels,
)

ROWS = 40_000


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_logistic_agrees_with_scipy():
    log_odds = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(compute_logistic(log_odds), expit(log_odds), rtol=1e-12)


def test_categories_come_in_their_shares(rng):
    drawn = pd.Series(draw_categories(rng, ROWS, {"a": 0.7, "Ø": 0.3}))
    assert drawn.value_counts(normalize=True)["Ø"] == pytest.approx(0.3, abs=0.01)


def test_shares_that_do_not_sum_to_one_are_refused(rng):
    with pytest.raises(ValueError, match="sum to 1"):
        draw_categories(rng, 10, {"a": 0.7, "b": 0.7})


def test_outcome_follows_its_log_odds(rng):
    drawn = draw_outcome(rng, np.full(ROWS, np.log(3.0)), ("no", "yes"))
    assert np.mean(drawn == "yes") == pytest.approx(0.75, abs=0.01)


def test_labels_are_swapped_in_the_given_share_and_only_there(rng):
    values = np.array(["no", "yes"] * (ROWS // 2), dtype=object)
    share = np.where(np.arange(ROWS) < ROWS // 2, 0.25, 0.0)
    changed = swap_labels(rng, values, share, ("no", "yes")) != values
    assert changed[: ROWS // 2].mean() == pytest.approx(0.25, abs=0.01)
    assert not changed[ROWS // 2 :].any()


def test_blanks_come_in_the_given_share(rng):
    texts = blank_texts(rng, np.full(ROWS, "a", dtype=object), 0.1)
    numbers = blank_numbers(rng, np.ones(ROWS), 0.1)
    assert np.mean(texts == "?") == pytest.approx(0.1, abs=0.01)
    assert np.isnan(numbers).mean() == pytest.approx(0.1, abs=0.01)


def test_permuted_columns_stay_together_and_nothing_else_moves():
    frame = pd.DataFrame({"a": range(500), "b": range(500), "c": range(500)})
    dealt = permute_together(frame, ("a", "b"), seed=3)
    assert (dealt["a"] == dealt["b"]).all()
    assert sorted(dealt["a"]) == list(range(500))
    assert (dealt["a"] != frame["a"]).any()
    assert dealt["c"].equals(frame["c"])


def test_csv_is_plain_utf8_with_empty_fields_for_missing_numbers(tmp_path):
    path = tmp_path / "new" / "table.csv"
    save_csv(pd.DataFrame({"Ort": ["Ørsted", "?"], "n": [1.5, np.nan]}), path)
    assert path.read_bytes() == "Ort,n\nØrsted,1.5\n?,\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]
