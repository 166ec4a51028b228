"""The loss attributed to columns: the definition over all subsets, a column that was learned by heart."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from audits.explain.engine import SERVICE
from audits.explain.groups.loss import build_squared_error, compute_loss_shapley, log_loss
from audits.explain.groups.loss_service import (
    EVALUATIONS,
    MAX_REFERENCE,
    MIN_REFERENCE,
    build_true_share,
    choose_sizes,
    explain_losses,
)
from audits.explain.sampled.any_model import build_score
from audits.explain.sampled.blend import FrameBlender, MatrixBlender
from audits.models.adapters.adapter import Encoded
from tests.explain.brute_force import shapley
from tests.near import open_near


def blend(predict, score, rows, reference):
    owner = np.arange(rows.shape[1])
    return MatrixBlender(predict, score, Encoded(rows, owner), Encoded(reference, owner),
                         rows.shape[1])  # fmt: skip


def define(predict, loss, row, reference):
    """The Shapley values of the loss of the mean answer, over all subsets."""

    def value(mask):
        mixed = reference.copy()
        mixed[:, mask] = row[mask]
        return loss(np.mean(predict(mixed)))

    return shapley(value, len(row))


def logit(matrix):
    odds = np.exp(matrix[:, 0] * matrix[:, 1] + 2 * matrix[:, 2] - matrix[:, 3])
    share = odds / (1 + odds)
    return np.column_stack([1 - share, share])


def test_squared_error_of_a_linear_model_is_exact_after_one_order():
    """No three columns act together in a square, so that an order and its reverse are enough."""
    draw = np.random.default_rng(0)
    rows, reference = draw.normal(size=(4, 5)), draw.normal(size=(9, 5))
    truth, slope = draw.normal(size=4), np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    blender = blend(lambda matrix: matrix @ slope, build_score("target", 0), rows, reference)
    found = compute_loss_shapley(blender, 4, 9, build_squared_error(truth), draw)
    for row in range(4):
        exact = define(
            lambda mixed: mixed @ slope, lambda mean, row=row: (mean - truth[row]) ** 2,
            rows[row], reference,
        )  # fmt: skip
        np.testing.assert_allclose(found.values[row], exact, atol=1e-12)
    assert np.abs(found.values[:, 3]).max() < 1e-12  # a column without a slope
    np.testing.assert_allclose(found.loss, (rows @ slope - truth) ** 2)
    np.testing.assert_allclose(found.start, ((reference @ slope).mean() - truth) ** 2)


def test_log_loss_is_that_of_the_definition_and_depends_on_what_is_true():
    draw = np.random.default_rng(1)
    reference = draw.normal(size=(6, 4))
    rows = np.repeat(draw.normal(size=(2, 4)), 2, axis=0)
    truth = np.array([1, 0, 1, 0])
    blender = blend(logit, build_true_share(truth), rows, reference)
    found = compute_loss_shapley(blender, 4, 6, log_loss, draw, orders=400)
    for row in range(4):
        exact = define(
            lambda mixed, row=row: logit(mixed)[:, truth[row]], lambda mean: -np.log(mean),
            rows[row], reference,
        )  # fmt: skip
        np.testing.assert_allclose(found.values[row], exact, atol=0.02)
    assert np.abs(found.values[0] - found.values[1]).max() > 0.1  # the same person, another outcome
    total = found.start + found.values.sum(axis=1)
    np.testing.assert_allclose(total, found.loss, atol=1e-12)


@pytest.mark.parametrize("players", [1, 2, 7])
def test_parts_add_up_however_many_columns_and_blocks(players, monkeypatch):
    monkeypatch.setattr("audits.explain.groups.loss.BLOCK_ROWS", 50)
    draw = np.random.default_rng(players)
    rows, reference = draw.normal(size=(5, players)), draw.normal(size=(8, players))
    calls = []

    def predict(matrix):
        calls.append(len(matrix))
        return np.prod(matrix, axis=1)

    blender = blend(predict, build_score("target", 0), rows, reference)
    found = compute_loss_shapley(blender, 5, 8, build_squared_error(np.zeros(5)), draw)
    np.testing.assert_allclose(found.start + found.values.sum(axis=1), found.loss, atol=1e-12)
    assert sum(calls) == found.evaluations
    if players == 1:
        np.testing.assert_allclose(found.values[:, 0], found.loss - found.start)


def test_several_classes_by_hand():
    answers = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    score = build_true_share(np.array([2, 0]))
    np.testing.assert_allclose(score(answers, np.array([0, 1])), [0.25, 0.1])
    np.testing.assert_allclose(score(answers, np.array([1, 0])), [0.5, 0.8])
    assert log_loss(np.zeros(1), np.zeros(1, int))[0] == pytest.approx(36.04, abs=0.01)


def test_frames_are_mixed_as_matrices_are():
    draw = np.random.default_rng(2)
    rows, reference = draw.normal(size=(3, 4)), draw.normal(size=(5, 4))
    score, names = build_true_share(np.array([1, 0, 1])), list("abcd")
    frames = FrameBlender(
        lambda frame: logit(frame.to_numpy()), score, pd.DataFrame(rows, columns=names),
        pd.DataFrame(reference, columns=names),
    )  # fmt: skip
    one, other = (
        compute_loss_shapley(blender, 3, 5, log_loss, np.random.default_rng(0)).values
        for blender in (frames, blend(logit, score, rows, reference))
    )
    np.testing.assert_allclose(one, other, atol=1e-12)


def make_rows(draw, n):
    frame = pd.DataFrame(draw.normal(size=(n, 3)), columns=["signal", "noise", "idle"])
    frame["idle"] = 1.0
    chance = 1 / (1 + np.exp(-2 * frame["signal"]))
    return frame, (draw.random(n) < chance).to_numpy().astype(np.float64)


def test_a_column_learned_by_heart_does_harm_on_other_rows(tmp_path):
    draw = np.random.default_rng(5)
    train, y = make_rows(draw, 250)
    settings = {"objective": "binary", "num_leaves": 16, "min_data_in_leaf": 5, "verbose": -1,
                "num_threads": 1, "seed": 0}  # fmt: skip
    booster = lightgbm.train(settings, lightgbm.Dataset(train, y), 25)
    booster.save_model(str(tmp_path / "model.txt"))
    test, truth = make_rows(draw, 400)
    told = []
    with open_near(tmp_path / "model.txt", services=[SERVICE]) as client:
        found, learned = (
            explain_losses(client, rows, known, train.iloc[:64], np.random.default_rng(0),
                           progress=told.append)
            for rows, known in ((test, truth), (train, y))
        )  # fmt: skip
        share = client.predict(test)[:, 1]
    np.testing.assert_allclose(found.loss, -np.log(np.where(truth == 1, share, 1 - share)))
    mean = found.values.mean(axis=0)
    error = found.values.std(axis=0, ddof=1) / np.sqrt(len(test))
    assert mean[0] < -4 * error[0]  # the signal helps
    assert mean[1] > 3 * error[1]  # the noise does harm
    assert mean[2] == error[2] == 0
    assert learned.values.mean(axis=0)[1] < 0  # where it was learned it seemed to help
    np.testing.assert_allclose(found.start + found.values.sum(axis=1), found.loss, atol=1e-9)
    assert told[-1] == 1.0


def test_wide_data_gets_fewer_reference_rows_and_then_fewer_rows():
    assert choose_sizes(500, 10) == (500, MAX_REFERENCE)
    assert choose_sizes(500, 20) == (500, EVALUATIONS // (500 * 40))
    assert choose_sizes(500, 500) == (100, MIN_REFERENCE)
    assert choose_sizes(40, 5_000) == (40, MIN_REFERENCE)
