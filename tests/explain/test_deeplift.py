"""DeepLIFT by hand, against captum and shap called directly, and through the worker."""

import json

import numpy as np
import pandas as pd
import pytest
import shap
import torch
from captum.attr import DeepLift
from safetensors.torch import save_file

from audits.explain.columns import Request
from audits.explain.engine import SERVICE, Settings
from audits.explain.networks import deeplift
from audits.models.formats.torch_tabular import TabularNetwork
from tests.explain.all_rows import compute_attributions
from tests.explain.test_gradient import dense, network, spread_of
from tests.explain.test_gradient_shap import Dense
from tests.near import open_near

pytestmark = pytest.mark.filterwarnings("ignore:(?s).*Setting (forward, )?backward hooks")


def test_one_hidden_layer_by_hand():
    """The rescale rule of one layer: each unit's change of output over its change of input."""
    made = network([6])
    rows = dense(made, 30)
    baseline = rows.mean(axis=0)
    found = deeplift.explain(made, rows, Request("binary", background=rows))
    first, last = (layer.weight.double().numpy() for layer in made.layers)
    bias = made.layers[0].bias.double().numpy()
    inside, at_baseline = rows @ first.T + bias, baseline @ first.T + bias
    change = np.maximum(inside, 0) - np.maximum(at_baseline, 0)
    multiplier = change / (inside - at_baseline) * last[0]
    expected = (multiplier @ first) * (rows - baseline)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_it_adds_up_without_any_steps():
    made = network([32, 16, 8], seed=3)
    found = deeplift.explain(made, 3 * dense(made, 200), Request("binary"))
    assert found.additivity_error < 1e-5 * spread_of(found)
    assert (found.budget, found.exact, found.device) == (2, False, "cpu, float32")


def test_equals_captum_called_directly():
    made = network([16, 8], outputs=3)
    rows = dense(made, 150)
    found = deeplift.explain(made, rows, Request("multiclass", 2, background=rows[:50]))
    start = torch.as_tensor(rows[:50].mean(axis=0), dtype=torch.float32)[None, :]
    expected = DeepLift(Dense(made)).attribute(
        torch.as_tensor(rows, dtype=torch.float32), start, target=2
    )
    np.testing.assert_allclose(found.values, expected.detach().numpy(), atol=1e-6)


def test_drawn_baselines_equal_shap_s_deep_explainer():
    made = network([16, 8])
    rows, background = dense(made, 12), dense(made, 16, seed=5)
    request = Request("binary", background=background, compare_with="sample")
    found = deeplift.explain(made, rows, request)
    explainer = shap.DeepExplainer(Dense(made), torch.as_tensor(background, dtype=torch.float32))
    theirs = explainer.shap_values(
        torch.as_tensor(rows, dtype=torch.float32), check_additivity=False
    )
    np.testing.assert_allclose(found.values, np.asarray(theirs).reshape(rows.shape), atol=1e-4)


def test_a_column_without_effect_gets_nothing():
    made = network([16])
    with torch.no_grad():
        made.layers[0].weight[:, 1] = 0.0
    rows = dense(made, 20)
    assert not deeplift.explain(made, rows, Request("binary", background=rows)).values[:, 1].any()


def test_the_network_is_left_as_it_was():
    made = network([16])
    rows = dense(made, 20)
    before = made.forward_embedded(torch.as_tensor(rows, dtype=torch.float32))
    deeplift.explain(made, rows, Request("binary", background=rows))
    assert not made.activations[0]._forward_hooks
    after = made.forward_embedded(torch.as_tensor(rows, dtype=torch.float32))
    torch.testing.assert_close(before, after)
    assert set(made.state_dict()) == {
        "embeddings.0.weight", "embeddings.1.weight", "layers.0.weight", "layers.0.bias",
        "layers.1.weight", "layers.1.bias",
    }  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    made = TabularNetwork(2, [(4, 3)], (8,), 1)
    save_file(made.state_dict(), tmp_path / "net.safetensors")
    (tmp_path / "net.json").write_text(json.dumps({
        "schema": "assay.torch/1", "architecture": "tabular", "weights": "net.safetensors",
        "task": "binary", "classes": ["no", "yes"], "features": ["job", "age", "income"],
        "numeric": [{"name": "age", "mean": 40.0, "std": 12.0, "fill": 40.0},
                    {"name": "income", "mean": 3.0, "std": 1.0, "fill": 3.0}],
        "categorical": [{"name": "job", "categories": ["clerk", "nurse", "judge"], "dim": 3}],
        "hidden": [8],
    }))  # fmt: skip
    return tmp_path / "net.json"


@pytest.mark.parametrize("method", ["gradient_shap", "deeplift", "integrated_gradients"])
@pytest.mark.parametrize("baseline", ["auto", "sample"])
def test_as_a_service_at_the_raw_columns(saved, method, baseline):
    generator = np.random.default_rng(3)
    frame = pd.DataFrame({
        "age": generator.normal(40, 12, 60),
        "job": generator.choice(["clerk", "nurse", "judge", "unseen"], 60),
        "income": generator.normal(3, 1, 60),
    })  # fmt: skip
    with open_near(saved, services=[SERVICE]) as client:
        settings = Settings(method=method, baseline=baseline)
        found = compute_attributions(client, frame, background=frame[:30], settings=settings)
        other = compute_attributions(
            client, frame, background=frame[:30],
            settings=Settings(method=method, baseline=baseline, target_class=0),
        )  # fmt: skip
        shares = client.predict(frame)[:, 1]
    assert found.features == ("job", "age", "income")
    assert found.method == method
    assert found.device == "cpu, float32"
    sampled = method == "gradient_shap" or baseline == "sample"
    assert (found.error is not None) == sampled
    np.testing.assert_allclose(1 / (1 + np.exp(-found.output)), shares, atol=1e-6)
    np.testing.assert_allclose(other.values, -found.values, atol=1e-6)
    gaps = np.abs(found.base + found.values.sum(axis=1) - found.output)
    allowed = found.error.sum(axis=1) if method == "gradient_shap" else 2e-3 * spread_of(found)
    assert (gaps <= allowed + 1e-5).mean() > 0.95
