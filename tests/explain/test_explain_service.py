"""Explanations through the model's worker: raw columns, chunks, backgrounds, errors."""

import json

import lightgbm
import numpy as np
import pandas as pd
import pytest
import shap
import skops.io
import torch
import xgboost
from safetensors.torch import save_file
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audits.core.errors import CheckNotApplicableError, InputError
from audits.explain.engine import (
    SERVICE,
    Settings,
    prepare_explainer,
)
from audits.explain.methods import METHODS
from audits.explain.service import ENGINES, FrameEngine, find_engine
from audits.models.formats.torch_tabular import TabularNetwork
from audits.models.worker.client import open_model
from audits.trees.forest import load_forest
from tests.explain.all_rows import compute_attributions
from tests.explain.games import compute_shapley, interventional_game, path_game
from tests.near import open_near

pytestmark = pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning")

# "base" and "output" are also what the answer's own columns are called.
FEATURES = ("base", "job", "größe", "output")


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(7)
    n = 300
    job = generator.choice(["clerk", "nurse", "König"], n).astype(object)
    data = pd.DataFrame(
        {
            "base": generator.normal(size=n),
            "job": job,
            "größe": generator.normal(170, 10, n),
            "output": generator.integers(0, 4, n).astype(float),
        }
    )
    data.loc[::11, "base"] = np.nan
    data.loc[::13, "job"] = None
    return data


@pytest.fixture(scope="module")
def score(frame):
    noise = np.random.default_rng(8).normal(scale=0.5, size=len(frame))
    return frame["base"].fillna(0) + (frame["job"] == "nurse") + noise


def pipeline(estimator, *, scale=False):
    numeric = make_pipeline(SimpleImputer(), StandardScaler()) if scale else SimpleImputer()
    encode = ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["job"]),
            ("numbers", numeric, ["base", "größe", "output"]),
        ]
    )
    return make_pipeline(encode, estimator)


def opened(model, path):
    skops.io.dump(model, path)
    return open_near(path, services=[SERVICE])


def one_hot_owner(model):
    """Which raw column each encoded one comes from, from the encoder's names."""
    owner = []
    for name in model[0].get_feature_names_out():
        raw = name.split("__", 1)[1]
        owner.append(1 if raw.startswith("job_") else FEATURES.index(raw))
    return owner


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingClassifier(max_iter=15),
        RandomForestClassifier(10, max_depth=6, random_state=0),
    ],
    ids=lambda item: type(item).__name__,
)
def test_a_one_hot_pipeline_is_explained_at_its_raw_columns(estimator, frame, score, tmp_path):
    model = pipeline(estimator).fit(
        frame[list(FEATURES)], (score > 0.3).map({True: "y", False: "n"})
    )
    shuffled = frame[["output", "größe", "base", "job"]].assign(further=1)
    with opened(model, tmp_path / "model.skops") as client:
        assert set(client.info.features) == set(FEATURES)
        found = compute_attributions(client, shuffled, background=None)
        other = compute_attributions(
            client, shuffled, background=None, settings=Settings(target_class=0)
        )
    matrix = np.asarray(model[0].transform(frame), dtype=float)
    explainer = shap.TreeExplainer(model[1], feature_perturbation="tree_path_dependent")
    reference = np.asarray(explainer.shap_values(matrix, check_additivity=False))
    reference = reference[:, :, 1] if reference.ndim == 3 else reference
    owner = np.array(one_hot_owner(model))
    for name, values in zip(found.features, found.values.T, strict=True):
        expected = reference[:, owner == FEATURES.index(name)].sum(axis=1)
        np.testing.assert_allclose(values, expected, atol=1e-4)
    forest = isinstance(estimator, RandomForestClassifier)
    own = model.predict_proba(frame)[:, 1] if forest else model.decision_function(frame)
    np.testing.assert_allclose(found.output, own, atol=1e-9)
    assert found.space == ("probability" if forest else "margin")
    assert found.additivity_error < 1e-4
    gap = np.abs(found.base + found.values.sum(axis=1) - found.output).max()
    assert found.additivity_error == pytest.approx(gap, abs=1e-9)
    # The other class is the complement of a probability, the negative of log-odds.
    np.testing.assert_allclose(other.output, 1 - own if forest else -own, atol=1e-9)
    assert other.additivity_error < 1e-4


def test_a_linear_pipeline_compares_with_the_background(frame, score, tmp_path):
    model = pipeline(LogisticRegression(), scale=True).fit(frame, score > 0.3)
    background = frame.iloc[:60]
    with opened(model, tmp_path / "model.skops") as client:
        found = compute_attributions(client, frame, background=background)
        other = compute_attributions(
            client, frame, background=background, settings=Settings(target_class=0)
        )
    matrix = model[0].transform(frame)
    shares = (matrix - model[0].transform(background).mean(axis=0)) * model[1].coef_[0]
    owner = np.array(one_hot_owner(model))
    for name, values in zip(found.features, found.values.T, strict=True):
        expected = shares[:, owner == FEATURES.index(name)].sum(axis=1)
        np.testing.assert_allclose(values, expected, atol=1e-9)
    np.testing.assert_allclose(found.output, model.decision_function(frame), atol=1e-9)
    assert found.additivity_error < 1e-9
    np.testing.assert_allclose(other.values, -found.values)
    np.testing.assert_allclose(other.output, -found.output)
    np.testing.assert_allclose(other.base, -found.base)


def test_chunks_give_what_the_whole_gives_and_tell_progress(frame, score, tmp_path):
    model = pipeline(Ridge(), scale=True).fit(frame, score)
    heard = []
    with opened(model, tmp_path / "model.skops") as client:
        whole = compute_attributions(client, frame, background=frame)
        explainer = prepare_explainer(client, frame, frame)
        parts = explainer.iterate(frame, chunk_rows=70, progress=heard.append)
        sizes = [len(part.values) for part in parts]
        joined = compute_attributions(client, frame, background=frame, chunk_rows=70)
    assert sizes == [60] * 5
    assert heard == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    np.testing.assert_array_equal(joined.values, whole.values)
    np.testing.assert_array_equal(joined.output, whole.output)
    assert (joined.space, joined.method, joined.exact) == ("target", "linear_shap", True)


def test_lightgbm_with_its_own_categories(frame, score, tmp_path):
    rows = frame.assign(job=frame["job"].astype("category")).rename(columns={"größe": "size"})
    model = lightgbm.train(
        {"objective": "binary", "verbose": -1, "min_data_per_group": 5, "num_threads": 1},
        lightgbm.Dataset(rows, score > 0.3),
        15,
    )
    model.save_model(tmp_path / "model.txt")
    given = rows.assign(job=frame["job"])
    given.loc[0, "job"] = "never seen"
    with open_model(tmp_path / "model.txt", services=[SERVICE]) as client:
        found = compute_attributions(client, given, background=None)
    seen = given["job"].where(given["job"] != "never seen").astype(rows["job"].dtype)
    reference = model.predict(given.assign(job=seen), pred_contrib=True)
    np.testing.assert_allclose(found.values, reference[:, :-1], atol=1e-4)
    np.testing.assert_allclose(found.base, reference[:, -1], atol=1e-4)
    assert found.additivity_error < 1e-4


def test_several_classes_of_xgboost(frame, score, tmp_path):
    rows = frame[["base", "größe", "output"]].rename(columns={"größe": "size"})
    data = xgboost.DMatrix(rows, np.digitize(score, [0, 1]))
    model = xgboost.train({"objective": "multi:softprob", "num_class": 3, "nthread": 1}, data, 8)
    model.save_model(tmp_path / "model.json")
    reference = model.predict(data, pred_contribs=True)
    margin = model.predict(data, output_margin=True)
    with open_model(tmp_path / "model.json", services=[SERVICE]) as client:
        for target_class in range(3):
            found = compute_attributions(
                client, rows, background=None, settings=Settings(target_class=target_class)
            )
            np.testing.assert_allclose(found.values, reference[:, target_class, :-1], atol=1e-4)
            np.testing.assert_allclose(found.output, margin[:, target_class], atol=1e-5)
        with pytest.raises(InputError, match="class 3 cannot be explained"):
            compute_attributions(client, rows, background=None, settings=Settings(target_class=3))


@pytest.fixture(scope="module")
def torch_file(tmp_path_factory):
    torch.manual_seed(0)
    network = TabularNetwork(2, [(4, 3)], [8], 1)
    folder = tmp_path_factory.mktemp("torch")
    save_file(network.state_dict(), folder / "weights.safetensors")
    spec = {
        "schema": "assay.torch/1",
        "architecture": "tabular",
        "weights": "weights.safetensors",
        "task": "binary",
        "classes": ["no", "yes"],
        "features": ["base", "job", "größe"],
        "numeric": [
            {"name": "base", "mean": 0.0, "std": 1.0, "fill": 0.0},
            {"name": "größe", "mean": 170.0, "std": 10.0, "fill": 170.0},
        ],
        "categorical": [{"name": "job", "categories": ["clerk", "nurse", "König"], "dim": 3}],
        "hidden": [8],
    }
    (folder / "model.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder / "model.json", network


def test_a_torch_network_at_its_raw_columns(torch_file, frame):
    path, network = torch_file
    with open_model(path, services=[SERVICE]) as client:
        found = compute_attributions(client, frame, background=frame)
        scores = client.predict(frame)[:, 1]
        with pytest.raises(InputError, match="lacks 1 column that the model needs: 'job'"):
            compute_attributions(client, frame.drop(columns="job"), background=None)
        with pytest.raises(InputError, match="there are no rows to explain"):
            compute_attributions(client, frame.iloc[:0], background=None)
    assert found.features == ("base", "job", "größe")
    assert (found.method, found.exact, found.device) == (
        "integrated_gradients",
        False,
        "cpu, float32",
    )
    np.testing.assert_allclose(1 / (1 + np.exp(-found.output)), scores, atol=1e-6)
    spread = np.ptp(np.append(found.output, found.base[0]))
    assert found.additivity_error <= 1e-3 * spread
    # The base is the network at the mean embedded row, computed here by hand.
    codes = frame["job"].map({"clerk": 1, "nurse": 2, "König": 3}).fillna(0).astype(int)
    numbers = np.column_stack([frame["base"].fillna(0), (frame["größe"] - 170) / 10])
    with torch.inference_mode():
        dense = network.embed(
            torch.as_tensor(numbers, dtype=torch.float32),
            torch.as_tensor(codes.tolist())[:, None],
        )
        base = float(network.forward_embedded(dense.mean(dim=0, keepdim=True))[0, 0])
    assert found.base[0] == pytest.approx(base, abs=1e-5)


def test_a_model_without_an_engine_says_what_is_explained():
    expected = r"sklearn\.GaussianNB has no engine of its own; those that have: .*torch networks"
    with pytest.raises(CheckNotApplicableError, match=expected):
        find_engine(GaussianNB())


def test_every_engine_in_the_table_is_one():
    for path in set(ENGINES.values()):
        kind = next(kind for kind, module in ENGINES.items() if module == path)
        library, name = kind.split(".")
        engine = find_engine(type(name, (), {"__module__": library})())
        assert set(engine.METHODS) <= set(METHODS)
        assert callable(engine.explain_rows if isinstance(engine, FrameEngine) else engine.explain)


def test_histogram_boosting_with_categories_inside_by_definition(tmp_path, frame, score):
    words = frame.assign(job=frame["job"].astype("category"))
    model = HistGradientBoostingClassifier(
        max_iter=8, max_depth=4, min_samples_leaf=5, categorical_features="from_dtype"
    ).fit(words, (score > np.median(score)).astype(int))
    skops.io.dump(model, tmp_path / "m.skops")
    with open_model(tmp_path / "m.skops", services=[SERVICE]) as client:
        own = compute_attributions(client, frame, background=None)
        against = compute_attributions(
            client, frame, background=frame[:40], settings=Settings(method="interventional_shap")
        )
    forest = load_forest(model, 1)
    assert any(tree.categories for tree in forest.trees)
    order = [1, 0, 2, 3]  # the category stands first inside
    rows = model._preprocess_X(words, reset=False)
    for found in (own, against):
        np.testing.assert_allclose(found.output, model.decision_function(words), atol=1e-9)
        assert found.additivity_error < 1e-4
    for index in (0, 11, 13, 50):
        game = path_game(forest, rows[index])
        np.testing.assert_allclose(own.values[index, order], compute_shapley(game, 4), atol=1e-9)
        assert own.base[index] == pytest.approx(game(frozenset()))
        game = interventional_game(forest, rows[index], rows[:40])
        expected = compute_shapley(game, 4)
        np.testing.assert_allclose(against.values[index, order], expected, atol=2e-5)


@pytest.fixture(scope="module")
def boosted(frame, score, tmp_path_factory):
    rows = frame.drop(columns="job")
    data = xgboost.DMatrix(rows, (score > 0).astype(int))
    path = tmp_path_factory.mktemp("boosted") / "m.ubj"
    xgboost.train({"objective": "binary:logistic"}, data, 20).save_model(path)
    return path


@pytest.mark.gpu
def test_xgboost_on_cuda_equals_cpu(boosted, frame):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    found = {}
    for device in ("cpu", "cuda"):
        with open_model(boosted, device=device, services=[SERVICE]) as client:
            found[device] = compute_attributions(client, frame, background=None)
    assert found["cuda"].device.startswith("cuda")
    np.testing.assert_allclose(found["cuda"].values, found["cpu"].values, atol=1e-4)


def test_xgboost_asked_for_cuda_without_a_gpu_runs_on_the_cpu_and_says_so(boosted, frame):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with open_model(boosted, device="cuda", services=[SERVICE]) as client:
        assert client.info.device == "cpu"
        found = compute_attributions(client, frame, background=None)
    assert found.device == "cpu"
    assert found.additivity_error < 1e-4
