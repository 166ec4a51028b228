import json

import numpy as np
import pandas as pd
import pytest
import xgboost

from audits.core.errors import InputError
from audits.models.files import ubjson
from audits.models.formats.formats import detect_format
from audits.models.formats.xgboost import load

OBJECTIVES = {
    "binary:logistic": ("binary", {}),
    "binary:logitraw": ("binary", {}),
    "multi:softprob": ("multiclass", {"num_class": 3}),
    "multi:softmax": ("multiclass", {"num_class": 3}),
    "reg:squarederror": ("regression", {}),
}


@pytest.fixture(scope="module")
def ascii_frame(frame):
    return frame.assign(job=frame["job"].replace("Müller", "miller"))


@pytest.fixture(scope="module")
def trained(ascii_frame):
    return ascii_frame.assign(
        **{name: pd.Categorical(ascii_frame[name]) for name in ("job", "constant")}
    )


def train(frame, target, objective, rounds=4, **parameters):
    data = xgboost.DMatrix(frame, target, enable_categorical=True)
    options = {"objective": objective, "nthread": 1, **parameters}
    return xgboost.train(options, data, rounds)


@pytest.fixture(scope="module", params=["json", "ubj"])
def saved(request, tmp_path_factory, trained, targets):
    path = tmp_path_factory.mktemp("xgboost") / f"model.{request.param}"
    train(trained, targets["binary"], "binary:logistic").save_model(path)
    return path


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_predictions_equal_the_library(tmp_path, ascii_frame, trained, targets, objective, suffix):
    task, parameters = OBJECTIVES[objective]
    booster = train(trained, targets[task], objective, **parameters)
    path = tmp_path / f"model.{suffix}"
    booster.save_model(path)
    assert detect_format(path).name == "xgboost"
    adapter = load(path, "cpu")
    data = xgboost.DMatrix(trained, enable_categorical=True)
    margin = booster.predict(data, output_margin=True).astype(float)
    if task == "binary":
        positive = 1 / (1 + np.exp(-margin))
        expected = np.column_stack([1 - positive, positive])
    elif task == "multiclass":
        expected = np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True)
    else:
        expected = margin
    np.testing.assert_allclose(adapter.predict(ascii_frame), expected, atol=1e-6)
    if objective in ("binary:logistic", "reg:squarederror"):
        own = booster.predict(data)
        given = adapter.predict(ascii_frame)
        np.testing.assert_array_equal(given if given.ndim == 1 else given[:, 1], own)
    assert adapter.info.task == task


def test_early_stopping_is_respected_as_by_the_wrapper(tmp_path, trained, ascii_frame, targets):
    model = xgboost.XGBClassifier(
        n_estimators=40, early_stopping_rounds=2, enable_categorical=True, n_jobs=1
    )
    half = len(trained) // 2
    model.fit(
        trained[:half],
        targets["binary"][:half],
        eval_set=[(trained[half:], targets["binary"][half:])],
        verbose=False,
    )
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    model.save_model(tmp_path / "m.json")
    given = load(tmp_path / "m.json", "cpu").predict(ascii_frame)
    np.testing.assert_array_equal(given[:, 1], model.predict_proba(trained)[:, 1])


def test_unseen_category_is_refused_as_by_the_library(saved, ascii_frame):
    with pytest.raises(InputError, match="'job' holds 'pilot'"):
        load(saved, "cpu").predict(ascii_frame.assign(job="pilot"))


def test_categories_that_xgboost_cuts_are_refused(tmp_path, categorical, targets):
    train(categorical, targets["binary"], "binary:logistic").save_model(tmp_path / "m.json")
    with pytest.raises(InputError, match="beyond ASCII"):
        load(tmp_path / "m.json", "cpu")


def test_unnamed_features_are_numbered(tmp_path, frame, targets):
    matrix = frame[["age", "grade"]].to_numpy(float)
    train(matrix, targets["regression"], "reg:squarederror").save_model(tmp_path / "m.ubj")
    assert load(tmp_path / "m.ubj", "cpu").info.features == ("f0", "f1")


def test_linear_booster_opens(tmp_path, frame, targets):
    rows = frame[["age", "grade"]].fillna(0)
    booster = train(rows, targets["regression"], "reg:squarederror", booster="gblinear")
    booster.save_model(tmp_path / "m.json")
    expected = booster.predict(xgboost.DMatrix(rows))
    np.testing.assert_allclose(load(tmp_path / "m.json", "cpu").predict(rows), expected)


def test_ubjson_reads_what_json_says(tmp_path, trained, targets):
    booster = train(trained, targets["binary"], "binary:logistic")
    tree = ubjson.loads(bytes(booster.save_raw("ubj")))["learner"]["gradient_booster"]["model"]
    same = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    for key in ("left_children", "split_indices", "categories", "categories_sizes"):
        assert tree["trees"][0][key].tolist() == same["trees"][0][key]
    assert tree["gbtree_model_param"] == same["gbtree_model_param"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.4, 0.8, 0.999])
def test_truncated_file_is_one_clear_error(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / saved.name
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)


def _set(key, value):
    def change(tree):
        tree[key][0] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("left_children", 9999),
        _set("left_children", -1),
        _set("split_indices", 77),
        lambda tree: tree["split_conditions"].pop(),
        lambda tree: tree["tree_param"].update(num_nodes="3"),
        lambda tree: tree.update(categories_sizes=[999] * len(tree["categories_sizes"])),
    ],
)
def test_indices_out_of_the_file_never_reach_the_library(tmp_path, trained, targets, change):
    booster = train(trained[["job", "age"]], targets["binary"], "binary:logistic")
    document = json.loads(bytes(booster.save_raw("json")))
    change(document["learner"]["gradient_booster"]["model"]["trees"][0])
    path = tmp_path / "m.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="damaged: tree 0"):
        load(path, "cpu")
