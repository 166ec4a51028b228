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
from audits.explain.columns import Request
from audits.explain.engine import SERVICE, Settings
from audits.explain.trees.catboost import (
    compute_catboost_shap,
    compute_library_shap,
    compute_output,
    explain_rows,
)
from audits.models.formats.catboost import load
from audits.models.worker.client import open_model
from tests.explain.all_rows import compute_attributions
from tests.near import open_near

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
        np.full(len(leaves), float(document["scale_and_bias"][1][output])),
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
    values, base = compute_catboost_shap(adapter.estimator, adapter.trees, pool, target_class)
    wanted, start = brute_force(
        document, leaves, frame.shape[1], target_class if task == "multiclass" else 0
    )
    assert np.abs(wanted).max() > 0.01
    np.testing.assert_allclose(values, wanted, atol=1e-10)
    np.testing.assert_allclose(base, start, atol=1e-10)
    if options.get("max_ctr_complexity") == 3:
        assert any(len(item) > 1 for item in find_owners(document["features_info"]))


@pytest.mark.parametrize("kind", ["cbm", "json"])
@pytest.mark.parametrize("growth", ["SymmetricTree", "Depthwise", "Lossguide"])
@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("binary", "Logloss"),
        ("binary", "MultiClass"),
        ("multiclass", "MultiClass"),
        ("multiclass", "MultiClassOneVsAll"),
        ("regression", "RMSE"),
        ("count", "Poisson"),
    ],
)
def test_values_add_up_to_the_models_own_output(tmp_path, frame, targets, kind, growth, task, loss):
    numbers = frame if growth == "SymmetricTree" else frame.drop(columns=TEXTS)
    options = {"loss_function": loss, "depth": 4, "grow_policy": growth}
    space = "target" if task == "regression" else "margin"
    method = "tree_shap:leaf tables" if growth == "SymmetricTree" else "tree_shap:linear_tree_shap"
    adapter = load(save(train(numbers, targets[task], **options), tmp_path, kind), "cpu")
    for target_class in range(1, max(2, len(adapter.info.classes))):
        found = explain_rows(adapter, frame, Request(adapter.info.task, target_class))
        assert (found.space, found.method, found.exact) == (space, method, True)
        assert found.values.shape == numbers.shape
        assert found.additivity_error <= 1e-9 * np.abs(found.output).max()
        assert not found.values[:, -1].any()  # the constant column
    scores = adapter.predict(frame)
    if adapter.info.task == "binary":
        np.testing.assert_allclose(found.output, np.log(scores[:, 1] / scores[:, 0]), atol=1e-9)
    elif task == "count":
        np.testing.assert_allclose(np.exp(found.output), scores)
    elif task == "regression":
        np.testing.assert_allclose(found.output, scores)


def mean_of_node(node, row, known):
    """What a tree of numeric splits answers where only the columns `known` of a row are."""

    def weight(node):
        return node["weight"] if "value" in node else weight(node["left"]) + weight(node["right"])

    if "value" in node:
        return node["value"]
    feature, border = node["split"]["float_feature_index"], node["split"]["border"]
    if feature in known:
        return mean_of_node(node["right" if row[feature] > border else "left"], row, known)
    sides = [node["left"], node["right"]]
    total = sum(map(weight, sides))
    return sum(weight(side) / total * mean_of_node(side, row, known) for side in sides)


@pytest.mark.parametrize("kind", ["cbm", "json"])
@pytest.mark.parametrize("nan_mode", ["Min", "Max"])
@pytest.mark.parametrize("growth", ["Depthwise", "Lossguide"])
def test_other_trees_against_all_subsets(tmp_path, frame, targets, growth, nan_mode, kind):
    numbers = frame[["age", "pay"]].assign(more=frame["pay"] ** 2)
    options = {"loss_function": "Logloss", "grow_policy": growth, "nan_mode": nan_mode}
    model = train(numbers, targets["binary"], **options)
    path = save(model, tmp_path, "json")
    adapter = load(save(model, tmp_path, kind), "cpu")
    found = explain_rows(adapter, numbers.head(10), Request("binary"))
    assert np.isnan(numbers["age"][0])
    document = json.loads(path.read_text(encoding="utf-8"))
    filled = numbers.head(10).fillna(np.inf if nan_mode == "Max" else -np.inf)
    for row, values in zip(filled.to_numpy(np.float32), found.values, strict=True):
        worth = {
            known: sum(mean_of_node(tree, row, known) for tree in document["trees"])
            for size in range(4)
            for known in itertools.combinations(range(3), size)
        }
        for feature in range(3):
            wanted = 0.0
            for known in [item for item in worth if feature not in item]:
                share = math.factorial(len(known)) * math.factorial(2 - len(known)) / 6
                wanted += share * (worth[tuple(sorted({*known, feature}))] - worth[known])
            assert values[feature] == pytest.approx(wanted, abs=1e-5)


def test_the_librarys_own_values_agree_where_no_split_combines_columns(tmp_path, frame, targets):
    model = train(frame, targets["multiclass"], loss_function="MultiClass", max_ctr_complexity=1)
    adapter = load(save(model, tmp_path), "cpu")
    pool = adapter.pool(frame)
    ours = compute_catboost_shap(adapter.estimator, adapter.trees, pool, 2)
    theirs = compute_library_shap(adapter.estimator, pool, 2)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-9)


@pytest.mark.parametrize(("complexity", "is_explained"), [(1, True), (3, False)])
def test_deep_trees_are_the_librarys(tmp_path, frame, targets, complexity, is_explained):
    options = {"loss_function": "Logloss", "depth": 11, "iterations": 6}
    model = train(frame, targets["binary"], max_ctr_complexity=complexity, **options)
    adapter = load(save(model, tmp_path), "cpu")
    if is_explained:
        found = explain_rows(adapter, frame, Request("binary"))
        assert found.method == "tree_shap:catboost"
        assert found.additivity_error < 1e-9
        return
    with pytest.raises(CheckNotApplicableError, match="combines categorical columns"):
        explain_rows(adapter, frame, Request("binary"))


@pytest.mark.parametrize("kind", ["cbm", "json"])
def test_what_nobody_explains_exactly_is_sampled(tmp_path, frame, targets, kind):
    model = train(frame, targets["binary"], loss_function="Logloss", grow_policy="Depthwise")
    path = save(model, tmp_path, kind)
    with pytest.raises(CheckNotApplicableError, match="asks for categories in trees that are not"):
        explain_rows(load(path, "cpu"), frame, Request("binary"))
    with open_near(path, services=[SERVICE]) as client:
        found = compute_attributions(client, frame.head(5), background=frame.tail(50))
    assert (found.method, found.exact) == ("permutation_shap", False)


def test_categorical_columns_that_no_split_asks_for_are_in_nobodys_way(tmp_path, frame, targets):
    dull = frame.assign(job="clerk", town="north")
    model = train(dull, targets["binary"], loss_function="Logloss", grow_policy="Lossguide")
    found = explain_rows(load(save(model, tmp_path), "cpu"), frame, Request("binary"))
    assert found.method == "tree_shap:linear_tree_shap"
    assert not found.values[:, [0, 2, 4]].any()


def test_trees_that_ask_nothing(tmp_path, frame):
    model = train(
        frame[["pay"]],
        np.r_[1.0, np.zeros(499)],
        loss_function="RMSE",
        min_data_in_leaf=600,
        grow_policy="Depthwise",
    )
    adapter = load(save(model, tmp_path, "json"), "cpu")
    found = explain_rows(adapter, frame, Request("regression"))
    assert not found.values.any()
    np.testing.assert_allclose(found.base, adapter.predict(frame))


def test_many_rows_are_explained_in_parts_and_equally(tmp_path, frame, targets, monkeypatch):
    adapter = load(save(train(frame, targets["binary"], loss_function="Logloss"), tmp_path), "cpu")
    whole = explain_rows(adapter, frame, Request("binary"))
    monkeypatch.setattr("audits.explain.trees.catboost._MAX_NUMBERS", 500)
    parts = explain_rows(adapter, frame, Request("binary"))
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-12)


def test_a_scaled_model_is_explained_in_its_own_scale(tmp_path, frame, targets):
    model = train(frame, targets["regression"], loss_function="RMSE")
    adapter = load(save(model, tmp_path), "cpu")
    plain = compute_catboost_shap(adapter.estimator, adapter.trees, adapter.pool(frame), 1)
    model.set_scale_and_bias(3.0, -2.0)
    adapter = load(save(model, tmp_path), "cpu")
    pool = adapter.pool(frame)
    values, base = compute_catboost_shap(adapter.estimator, adapter.trees, pool, 1)
    library = compute_library_shap(adapter.estimator, pool, 1)
    np.testing.assert_allclose(
        library[0].sum(axis=1) + library[1], base + values.sum(axis=1), atol=1e-9
    )
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
    with pytest.raises(CheckNotApplicableError, match="how many training rows reached each leaf"):
        explain_rows(adapter, frame, Request("binary"))


def test_explained_through_the_worker(tmp_path, frame, targets):
    path = save(train(frame, targets["binary"], loss_function="Logloss"), tmp_path)
    expected = explain_rows(load(path, "cpu"), frame, Request("binary"))
    with open_model(path, services=[SERVICE]) as client:
        found = compute_attributions(client, frame, background=None)
        other = compute_attributions(
            client, frame, background=None, settings=Settings(target_class=0)
        )
    assert (found.method, found.space, found.exact) == ("tree_shap:leaf tables", "margin", True)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(other.values, -expected.values)
