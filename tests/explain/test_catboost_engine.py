"""CatBoost's values against Shapley values summed over all subsets of columns, from the leaves.

A row's way through each tree is read from `calc_leaf_indexes`: bit k of the leaf is the answer to
split k. So the oracle needs neither the library's SHAP nor its hashes of categories.
"""

import itertools
import json
import math

import catboost
import numpy as np
import pandas as pd
import pytest

from audits.core.errors import CheckNotApplicableError
from audits.explain.catboost_engine import compute_catboost_shap, compute_output, explain_rows
from audits.explain.columns import Request
from audits.explain.engine import SERVICE, Settings, compute_attributions
from audits.models.catboost_format import load
from audits.models.client import open_model

TEXTS = ["job", "town"]
OPTIONS = {"iterations": 12, "thread_count": 1, "allow_writing_files": False, "verbose": 0}


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(3)
    n = 500
    data = pd.DataFrame(
        {
            "job": generator.choice(["clerk", "nurse", "König", "?"], n),
            "age": generator.normal(40, 10, n),
            "town": generator.choice(["north", "south", "west"], n),
            "pay": generator.normal(size=n),
            "constant": 1.0,
        }
    )
    data.loc[::9, "age"] = np.nan
    return data


@pytest.fixture(scope="module")
def targets(frame):
    generator = np.random.default_rng(4)
    score = (frame["job"] == "nurse") * 1.5 + frame["pay"] + (frame["town"] == "west")
    noisy = score + generator.normal(size=len(frame))
    return {
        "binary": (noisy > 0.7).astype(int),
        "multiclass": np.digitize(noisy, [0, 1.5]),
        "regression": 50 + 10 * noisy,
        "count": np.exp(noisy / 3).round(),
    }


def train(frame, target, **options):
    texts = [name for name in TEXTS if name in frame]
    return catboost.CatBoost(OPTIONS | options).fit(frame, target, cat_features=texts)


def save(model, folder, kind="cbm"):
    path = folder / f"model.{kind}"
    model.save_model(str(path), format=kind)
    return path


def find_owners(features):
    """Which columns each split looks at, in the order of `split_index`."""
    numbers = {
        item["feature_index"]: item["flat_feature_index"] for item in features["float_features"]
    }
    texts = {
        item["feature_index"]: item["flat_feature_index"]
        for item in features.get("categorical_features", ())
    }
    owners = []
    for item in features["float_features"]:
        owners += [{item["flat_feature_index"]}] * len(item["borders"])
    for item in features.get("categorical_features", ()):
        owners += [{item["flat_feature_index"]}] * len(item.get("values", ()))
    for item in features.get("ctrs", ()):
        used = {
            texts[part["cat_feature_index"]]
            if "cat_feature_index" in part
            else numbers[part["float_feature_index"]]
            for part in item["elements"]
        }
        owners += [used] * len(item["borders"])
    return owners  # fmt: skip


def expected_value(tree, owners, known, leaf, output, n_outputs):
    """What the tree answers on average where only the columns `known` of a row are."""
    weights = np.asarray(tree["leaf_weights"], dtype=float)
    values = np.asarray(tree["leaf_values"]).reshape(-1, n_outputs)[:, output]
    splits = [item["split_index"] for item in tree.get("splits") or ()]

    def walk(level, leaves):
        if level < 0:
            return values[leaves[0]]
        sides = [[item for item in leaves if (item >> level) & 1 == side] for side in (0, 1)]
        if owners[splits[level]] <= known:
            return walk(level - 1, sides[(leaf >> level) & 1])
        shares = [weights[side].sum() for side in sides]
        total = sum(shares)
        return sum(
            share / total * walk(level - 1, side)
            for share, side in zip(shares, sides, strict=True)
            if share
        )

    return walk(len(splits) - 1, list(range(len(values))))


def brute_force(document, leaves, n_features, output=0):
    n_outputs = len(document["scale_and_bias"][1])
    owners = find_owners(document["features_info"])
    values, base = (
        np.zeros((len(leaves), n_features)),
        np.full(len(leaves), document["scale_and_bias"][1][output]),
    )
    for tree, ways in zip(document["oblivious_trees"], leaves.T, strict=True):
        used = sorted(
            set().union(*[owners[item["split_index"]] for item in tree.get("splits") or ()])
        )
        for row, leaf in enumerate(ways):
            answer = {
                known: expected_value(tree, owners, set(known), int(leaf), output, n_outputs)
                for size in range(len(used) + 1)
                for known in itertools.combinations(used, size)
            }
            base[row] += answer[()]
            for known, feature in itertools.product(answer, used):
                if feature in known:
                    continue
                size, players = len(known), len(used)
                share = (
                    math.factorial(size)
                    * math.factorial(players - size - 1)
                    / math.factorial(players)
                )
                values[row, feature] += share * (
                    answer[tuple(sorted({*known, feature}))] - answer[known]
                )
    return values, base  # fmt: skip


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("binary", {"loss_function": "Logloss", "depth": 4, "max_ctr_complexity": 1}),
        ("binary", {"loss_function": "Logloss", "depth": 4, "one_hot_max_size": 10}),
        ("binary", {"loss_function": "Logloss", "depth": 5, "max_ctr_complexity": 3}),
        ("multiclass", {"loss_function": "MultiClass", "depth": 3}),
        ("regression", {"loss_function": "RMSE", "depth": 3}),
    ],
)
def test_values_are_those_of_all_subsets(tmp_path, frame, targets, task, options):
    model = train(frame, targets[task], **options)
    document = json.loads(save(model, tmp_path, "json").read_text(encoding="utf-8"))
    adapter = load(save(model, tmp_path), "cpu")
    rows = frame.head(12)
    pool = adapter.pool(rows)
    leaves = model.calc_leaf_indexes(pool)
    target_class = 2 if task == "multiclass" else 1
    values, base = compute_catboost_shap(adapter.estimator, pool, target_class)
    wanted, start = brute_force(
        document, leaves, frame.shape[1], target_class if task == "multiclass" else 0
    )
    assert np.abs(wanted).max() > 0.01
    np.testing.assert_allclose(values, wanted, atol=1e-10)
    np.testing.assert_allclose(base, start, atol=1e-10)
    if options.get("max_ctr_complexity") == 3:
        assert any(len(item) > 1 for item in find_owners(document["features_info"]))


@pytest.mark.parametrize("growth", ["SymmetricTree", "Depthwise", "Lossguide"])
@pytest.mark.parametrize(
    ("task", "loss", "space"),
    [
        ("binary", "Logloss", "margin"),
        ("binary", "MultiClass", "margin"),
        ("multiclass", "MultiClass", "margin"),
        ("multiclass", "MultiClassOneVsAll", "margin"),
        ("regression", "RMSE", "target"),
        ("count", "Poisson", "margin"),
    ],
)
def test_values_add_up_to_the_models_own_output(
    tmp_path, frame, targets, growth, task, loss, space
):
    model = train(frame, targets[task], loss_function=loss, depth=4, grow_policy=growth)
    adapter = load(save(model, tmp_path), "cpu")
    for target_class in range(1, max(2, len(adapter.info.classes))):
        found = explain_rows(adapter, frame, Request(adapter.info.task, target_class))
        assert (found.space, found.method, found.exact) == (space, "tree_shap:catboost", True)
        assert found.values.shape == frame.shape
        assert found.additivity_error <= 1e-6 * np.abs(found.output).max()
        assert not found.values[:, 4].any()  # the constant column
    scores = adapter.predict(frame)
    if adapter.info.task == "binary":
        np.testing.assert_allclose(found.output, np.log(scores[:, 1] / scores[:, 0]), atol=1e-9)
    elif task == "count":
        np.testing.assert_allclose(np.exp(found.output), scores)
    elif task == "regression":
        np.testing.assert_allclose(found.output, scores)


def test_many_rows_are_explained_in_parts_and_equally(tmp_path, frame, targets, monkeypatch):
    adapter = load(save(train(frame, targets["binary"], loss_function="Logloss"), tmp_path), "cpu")
    whole = explain_rows(adapter, frame, Request("binary"))
    monkeypatch.setattr("audits.explain.catboost_engine._MAX_NUMBERS", 500)
    parts = explain_rows(adapter, frame, Request("binary"))
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-12)


def test_a_scaled_model_is_explained_in_its_own_scale(tmp_path, frame, targets):
    model = train(frame, targets["regression"], loss_function="RMSE")
    plain = compute_catboost_shap(model, catboost.Pool(frame, cat_features=TEXTS), 1)
    model.set_scale_and_bias(3.0, -2.0)
    adapter = load(save(model, tmp_path), "cpu")
    pool = adapter.pool(frame)
    values, base = compute_catboost_shap(adapter.estimator, pool, 1)
    np.testing.assert_allclose(values, 3 * plain[0], atol=1e-9)
    output = compute_output(adapter.estimator, pool, 1)
    np.testing.assert_allclose(base + values.sum(axis=1), output, atol=1e-9)
    np.testing.assert_allclose(output, adapter.predict(frame))


def test_a_file_without_leaf_weights_is_no_error_of_the_audit(tmp_path, frame, targets):
    path = save(
        train(frame[["age", "pay"]], targets["binary"], loss_function="Logloss"), tmp_path, "json"
    )
    document = json.loads(path.read_text(encoding="utf-8"))
    for tree in document["oblivious_trees"]:
        del tree["leaf_weights"]
    path.write_text(json.dumps(document), encoding="utf-8")
    adapter = load(path, "cpu")
    with pytest.raises(CheckNotApplicableError, match="CatBoost cannot explain this model"):
        explain_rows(adapter, frame, Request("binary"))


def test_explained_through_the_worker(tmp_path, frame, targets):
    path = save(train(frame, targets["binary"], loss_function="Logloss"), tmp_path)
    expected = explain_rows(load(path, "cpu"), frame, Request("binary"))
    with open_model(path, services=[SERVICE]) as client:
        found = compute_attributions(client, frame, background=None)
        other = compute_attributions(
            client, frame, background=None, settings=Settings(target_class=0)
        )
    assert (found.method, found.space, found.exact) == ("tree_shap:catboost", "margin", True)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(other.values, -expected.values)
