"""Gradient SHAP where the expectation is known, against captum and shap, and its stated errors."""

import numpy as np
import pytest
import shap
import torch
from captum.attr import GradientShap
from torch import nn

from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import Request
from audits.explain.networks import gradient, gradient_shap
from tests.explain.test_gradient import Quadratic, dense, network, spread_of


class Dense(nn.Module):
    """A network of ours as others want it: a module from its dense input to its logits."""

    def __init__(self, made):
        super().__init__()
        self.made = made

    def forward(self, rows):
        return self.made.forward_embedded(rows)


def expect_quadratic(matrix, rows, background):
    """The closed form of integrated gradients of x W x, averaged over the reference rows."""
    parts = [(rows - start) * ((rows + start) / 2 @ (matrix + matrix.T)) for start in background]
    return np.mean(parts, axis=0)


def test_a_quadratic_has_the_closed_form_and_the_error_covers_it():
    matrix = np.random.default_rng(0).normal(size=(4, 4))
    rows = np.random.default_rng(1).normal(size=(40, 4))
    background = np.random.default_rng(2).normal(size=(100, 4))
    expected = expect_quadratic(matrix, rows, background)
    covered = []
    for seed in range(25):
        request = Request("regression", background=background, seed=seed, error=1e-9)
        found = gradient_shap.explain(Quadratic(matrix), rows, request)
        covered.append(np.abs(found.values - expected) <= found.error)
        assert np.abs(found.values - expected).max() < 0.04 * spread_of(found)
    assert 0.92 < np.mean(covered) < 0.985


def test_a_linear_network_is_exact_with_no_error():
    made = network([])
    rows = dense(made, 40)
    found = gradient_shap.explain(made, rows, Request("binary", background=rows))
    weights = made.layers[0].weight[0].double().numpy()
    np.testing.assert_allclose(found.values, (rows - rows.mean(axis=0)) * weights, atol=1e-5)
    assert found.error.max() < 1e-5
    assert found.additivity_error < 1e-5
    assert found.budget == gradient_shap.ROUNDS[0] * 40


def test_it_is_integrated_gradients_averaged_over_the_reference_rows():
    made = network([16, 8], seed=2)
    rows, background = dense(made, 6), dense(made, 50, seed=5)
    found = gradient_shap.explain(made, rows, Request("binary", background=background, error=1e-9))
    parts = [
        gradient.explain(
            made, rows, Request("binary", background=start[None, :], tolerance=1e-3)
        ).values
        for start in background
    ]
    gap = np.abs(found.values - np.mean(parts, axis=0))
    assert (gap <= found.error + 2e-3 * spread_of(found)).mean() > 0.93
    assert gap.max() < 0.03 * spread_of(found)


def test_equals_captum_s_gradient_shap_within_the_errors_of_both():
    made = network([16], outputs=3)
    rows, background = dense(made, 8), dense(made, 60, seed=4)
    found = gradient_shap.explain(made, rows, Request("multiclass", 2, background=background))
    torch.manual_seed(0)
    np.random.seed(0)
    engine = GradientShap(Dense(made))
    runs = np.stack(
        [
            engine.attribute(
                torch.as_tensor(rows, dtype=torch.float32),
                torch.as_tensor(background, dtype=torch.float32),
                n_samples=500, stdevs=0.0, target=2,
            ).detach().numpy()
            for _ in range(8)
        ]
    )  # fmt: skip
    theirs = 2.36 * runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    gap = np.abs(found.values - runs.mean(axis=0))
    assert (gap <= np.hypot(found.error, theirs) + 1e-6).mean() > 0.9
    assert np.corrcoef(found.values.ravel(), runs.mean(axis=0).ravel())[0, 1] > 0.999


def test_equals_shap_s_gradient_explainer():
    made = network([16], seed=4)
    rows, background = dense(made, 8), dense(made, 60, seed=4)
    found = gradient_shap.explain(made, rows, Request("binary", background=background))
    explainer = shap.GradientExplainer(
        Dense(made), torch.as_tensor(background, dtype=torch.float32)
    )
    theirs = explainer.shap_values(
        torch.as_tensor(rows, dtype=torch.float32), nsamples=4_000, rseed=0
    )
    theirs = np.asarray(theirs).reshape(rows.shape)
    np.testing.assert_allclose(found.values, theirs, atol=0.05 * spread_of(found))
    assert np.corrcoef(found.values.ravel(), theirs.ravel())[0, 1] > 0.998


def test_rounds_go_on_for_the_rows_that_need_them():
    made = network([32, 16], seed=5)
    rows = np.concatenate([3 * dense(made, 40), dense(made, 1)])
    background = dense(made, 60, seed=4)
    loose = gradient_shap.explain(made, rows, Request("binary", background=background, error=0.5))
    tight = gradient_shap.explain(made, rows, Request("binary", background=background, error=1e-4))
    assert loose.budget == gradient_shap.ROUNDS[0] * 60
    assert tight.budget == gradient_shap.ROUNDS[-1] * 60
    assert tight.error.max() < loose.error.max()
    assert loose.error.max() <= 0.5 * spread_of(loose)


def test_a_column_without_effect_gets_nothing():
    made = network([16])
    with torch.no_grad():
        made.layers[0].weight[:, 1] = 0.0
    rows = dense(made, 20)
    found = gradient_shap.explain(made, rows, Request("binary", background=rows))
    assert not found.values[:, 1].any()
    assert not found.error[:, 1].any()


def test_the_same_seed_gives_the_same_values_whatever_else_is_explained():
    made = network([16])
    rows = dense(made, 30)
    request = Request("binary", background=rows, seed=3, error=1e-9)
    all_of_them = gradient_shap.explain(made, rows, request)
    few = gradient_shap.explain(made, rows[:4], request)
    np.testing.assert_allclose(few.values, all_of_them.values[:4], atol=1e-6)
    other = gradient_shap.explain(made, rows, Request("binary", background=rows, seed=4))
    assert np.abs(other.values - all_of_them.values).max() > 1e-6


def test_one_point_of_comparison_is_refused():
    made = network([8])
    rows = dense(made, 3)
    with pytest.raises(CheckNotApplicableError, match="drawn reference rows"):
        gradient_shap.explain(made, rows, Request("binary", background=rows, compare_with="mean"))


def test_no_rows_are_no_error():
    made = network([8])
    rows = dense(made, 3)
    found = gradient_shap.explain(made, rows[:0], Request("binary", background=rows))
    assert found.values.shape == (0, rows.shape[1])
