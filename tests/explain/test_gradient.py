"""Integrated gradients where the integral is known, and against captum called directly."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from scipy.integrate import quad
from torch import nn

from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import Request
from audits.explain.networks import batches as torch_batches, deeplift, gradient, gradient_shap
from audits.models.formats.torch_tabular import TabularNetwork


def network(hidden, outputs=1, width=3, seed=0):
    """A network with two embeddings, so that its dense input is `width` + 2 + 3 wide."""
    torch.manual_seed(seed)
    made = TabularNetwork(width, [(4, 2), (5, 3)], hidden, outputs).eval()
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    return made


def spread_of(found):
    return np.ptp(np.append(found.output, found.base[0]))


def dense(made, n_rows, width=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    numeric = torch.randn(n_rows, width, generator=generator)
    codes = torch.stack(
        [torch.randint(0, rows, (n_rows,), generator=generator) for rows in (4, 5)], dim=1
    )
    return made.embed(numeric, codes).double().numpy()


class Quadratic(nn.Module):
    """f(x) = x W x, whose path integral has the closed form (x - b) * (W + W') (x + b) / 2."""

    def __init__(self, matrix):
        super().__init__()
        self.weight = nn.Parameter(torch.as_tensor(matrix), requires_grad=False)

    def forward_embedded(self, rows):
        return (rows @ self.weight * rows).sum(dim=1, keepdim=True)


def test_a_linear_network_is_exact():
    made = network([])
    rows = dense(made, 40)
    baseline = rows.mean(axis=0)
    found = gradient.explain(made, rows, Request("binary", 1, background=baseline[None, :]))
    weights = made.layers[0].weight[0].double().numpy()
    np.testing.assert_allclose(found.values, (rows - baseline) * weights, atol=1e-6)
    assert found.budget == gradient.STEPS[0]
    assert found.additivity_error < 1e-5


def test_a_quadratic_has_the_closed_form():
    matrix = np.random.default_rng(0).normal(size=(4, 4))
    rows = np.random.default_rng(1).normal(size=(25, 4))
    baseline = np.full(4, 0.3)
    found = gradient.explain(
        Quadratic(matrix), rows, Request("regression", 1, background=baseline[None, :])
    )
    expected = (rows - baseline) * ((rows + baseline) / 2 @ (matrix + matrix.T))
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert found.space == "target"


def test_a_relu_network_equals_numerical_integration():
    made = network([6], width=1).double()
    rows = dense(made.float(), 6, width=1)
    made = made.double()
    baseline = np.zeros(rows.shape[1])
    found = gradient.explain(
        made, rows, Request("binary", 1, background=baseline[None, :], tolerance=1e-4)
    )
    first, last = (layer.weight.numpy() for layer in made.layers)
    bias = made.layers[0].bias.numpy()

    def slope(share, row, column):
        active = first @ (share * row) + bias > 0
        return float((last[0] * active) @ first[:, column])

    for index, row in enumerate(rows):
        # The gradient jumps where a unit switches on or off; the integral is told where.
        kinks = [share for share in -bias / (first @ row) if 0 < share < 1] or None
        for column in range(len(row)):
            integral, _ = quad(slope, 0, 1, args=(row, column), points=kinks, limit=200)
            assert found.values[index, column] == pytest.approx(row[column] * integral, abs=2e-3)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_equals_captum_called_directly(task):
    made = network([16, 8], outputs=3 if task == "multiclass" else 1)
    rows = dense(made, 150)
    baseline = rows[:50].mean(axis=0)
    column = 2 if task == "multiclass" else 0
    request = Request(task, 2 if column else 1, background=baseline[None, :], tolerance=5e-3)
    found = gradient.explain(made, rows, request)
    expected = IntegratedGradients(made.forward_embedded).attribute(
        torch.as_tensor(rows, dtype=torch.float32),
        baselines=torch.as_tensor(baseline, dtype=torch.float32)[None, :],
        target=column,
        n_steps=found.budget,
    )
    np.testing.assert_allclose(found.values, expected.detach().numpy(), atol=1e-6)
    assert found.additivity_error <= 5e-3 * spread_of(found)
    logits = made.forward_embedded(torch.as_tensor(rows, dtype=torch.float32))[:, column]
    np.testing.assert_allclose(found.output, logits.numpy(), atol=1e-6)
    assert (found.exact, found.space, found.device) == (False, "margin", "cpu, float32")


def test_steps_rise_until_the_error_is_allowed():
    made = network([32, 16], seed=5)
    rows = 3 * dense(made, 200)
    loose = gradient.explain(made, rows, Request("binary", tolerance=0.5))
    tight = gradient.explain(made, rows, Request("binary", tolerance=2e-3))
    hopeless = gradient.explain(made, rows, Request("binary", tolerance=0.0))
    assert loose.budget == gradient.STEPS[0]
    assert loose.budget < tight.budget <= hopeless.budget == gradient.STEPS[-1]
    assert tight.additivity_error <= 2e-3 * spread_of(tight)
    assert hopeless.additivity_error > 0


def test_batches_do_not_change_the_values(monkeypatch):
    made = network([16])
    rows = dense(made, 70)
    request = Request("binary", tolerance=0.5)
    whole = gradient.explain(made, rows, request)
    monkeypatch.setitem(torch_batches.BATCH_VALUES, "cpu", 16 * gradient.STEPS[0] * 9)
    in_batches = gradient.explain(made, rows, request)
    assert in_batches.budget == whole.budget == gradient.STEPS[0]
    np.testing.assert_allclose(in_batches.values, whole.values, atol=1e-6)


METHODS = {
    "integrated_gradients": gradient,
    "gradient_shap": gradient_shap,
    "deeplift": deeplift,
}


@pytest.mark.parametrize("method", METHODS)
def test_out_of_memory_halves_the_batch(method):
    made = network([16])
    rows = dense(made, 64)
    # Small enough that no row of any method asks for more than the device holds.
    request = Request("binary", background=rows[:10], tolerance=0.5, error=0.9)
    expected = METHODS[method].explain(made, rows, request)
    own, sizes = made.forward_embedded, []

    def forward(batch):
        sizes.append(len(batch))
        if len(batch) > 70 and batch.shape[0] != len(rows):
            raise torch.OutOfMemoryError("simulated: this device holds 70 rows")
        return own(batch)

    made.forward_embedded = forward
    found = METHODS[method].explain(made, rows, request)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-6)
    assert max(sizes) > 70
    assert max(size for size in sizes if size <= 70) > 35


def test_an_apple_gpu_s_out_of_memory_counts_too():
    made = network([16])
    rows = dense(made, 20)
    own, asked = made.forward_embedded, []

    def forward(batch):
        asked.append(len(batch))
        if len(batch) > 100:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)")
        return own(batch)

    made.forward_embedded = forward
    found = gradient.explain(made, rows, Request("binary", tolerance=0.5))
    assert found.additivity_error < 0.5 * spread_of(found)
    assert max(asked) > 100


def test_one_row_that_does_not_fit_is_an_error():
    made = network([16])

    def forward(batch):
        raise torch.OutOfMemoryError("simulated: nothing fits")

    output = torch_batches.Output(forward, made.layers[0].weight, 16, "margin")
    with pytest.raises(torch.OutOfMemoryError):
        gradient.compute_integrated_gradients(output, torch.ones(4, 2), torch.zeros(1, 2), 32)


def test_other_errors_are_not_taken_for_a_full_memory():
    made = network([16])

    def forward(batch):
        raise RuntimeError("a shape does not fit")

    output = torch_batches.Output(forward, made.layers[0].weight, 16, "margin")
    with pytest.raises(RuntimeError, match="does not fit"):
        gradient.compute_integrated_gradients(output, torch.ones(4, 2), torch.zeros(1, 2), 32)


def test_a_row_at_the_baseline_owes_nothing():
    made = network([8])
    rows = dense(made, 1)
    found = gradient.explain(made, rows, Request("binary", background=rows[:1]))
    np.testing.assert_allclose(found.values, 0.0, atol=1e-9)


@pytest.mark.parametrize("method", [gradient, deeplift])
def test_zero_and_the_mean_are_different_points_of_comparison(method):
    made = network([12])
    rows = dense(made, 30)
    at_zero = method.explain(made, rows, Request("binary", background=rows, compare_with="zero"))
    at_mean = method.explain(made, rows, Request("binary", background=rows, compare_with="mean"))
    zeros = torch.zeros(1, rows.shape[1])
    assert at_zero.base[0] == pytest.approx(made.forward_embedded(zeros).item(), abs=1e-6)
    mean = torch.as_tensor(rows.mean(axis=0), dtype=torch.float32)[None, :]
    assert at_mean.base[0] == pytest.approx(made.forward_embedded(mean).item(), abs=1e-6)
    assert at_zero.error is None is at_mean.error


@pytest.mark.parametrize("method", [gradient, deeplift])
def test_drawn_baselines_are_averaged_and_their_error_covers(method):
    made = network([12], seed=3)
    rows, background = dense(made, 5), dense(made, 400, seed=9)
    allowed = {"tolerance": 1e-2}
    one_by_one = np.mean(
        [
            method.explain(made, rows, Request("binary", background=row[None, :], **allowed)).values
            for row in background
        ],
        axis=0,
    )
    covered, errors = [], []
    for seed in range(30):
        request = Request(
            "binary", background=background, compare_with="sample", seed=seed, **allowed
        )
        found = method.explain(made, rows, request)
        covered.append(np.abs(found.values - one_by_one) <= found.error + 2e-2)
        errors.append(found.error.max())
        assert found.additivity_error <= 1e-2 * spread_of(found) + 1e-5
    assert np.mean(covered) > 0.9
    assert min(errors) > 0
    few = method.explain(made, rows, Request("binary", background=background[:5],
                                             compare_with="sample", **allowed))  # fmt: skip
    assert not few.error.any(), "every reference row was compared with: nothing was sampled"


def test_drawn_baselines_need_reference_rows():
    made = network([8])
    for method in (gradient, deeplift, gradient_shap):
        with pytest.raises(CheckNotApplicableError, match="reference rows"):
            method.explain(made, dense(made, 2), Request("binary", compare_with="sample"))


@pytest.mark.gpu
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_a_gpu_equals_the_cpu(method, kind):
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if not there[kind]():
        pytest.skip(f"no {kind} device")
    made = network([32, 16], outputs=3)
    rows = dense(made, 5_000)
    request = Request("multiclass", background=rows[:256])
    on_cpu = METHODS[method].explain(made, rows, request)
    on_gpu = METHODS[method].explain(made.to(kind), rows, request)
    assert on_gpu.device.startswith(kind)
    assert on_gpu.device.endswith("), float32")
    np.testing.assert_allclose(on_gpu.values, on_cpu.values, atol=1e-4)
    np.testing.assert_allclose(on_gpu.output, on_cpu.output, atol=1e-4)
