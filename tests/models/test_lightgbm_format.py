import lightgbm
import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.models.formats.formats import detect_format
from audits.models.formats.lightgbm import load

OBJECTIVES = {"binary": {}, "multiclass": {"num_class": 3}, "regression": {}}


def train(frame, target, **parameters):
    options = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, **parameters}
    return lightgbm.train(options, lightgbm.Dataset(frame, target), 4)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, categorical, targets):
    path = tmp_path_factory.mktemp("lightgbm") / "model.txt"
    train(categorical, targets["binary"], objective="binary").save_model(path)
    return path


@pytest.mark.parametrize("task", OBJECTIVES)
def test_predictions_equal_the_library(tmp_path, frame, categorical, targets, task):
    booster = train(categorical, targets[task], objective=task, **OBJECTIVES[task])
    path = tmp_path / "any name"
    booster.save_model(path)
    assert detect_format(path).name == "lightgbm"
    adapter = load(path, "cpu")
    expected = booster.predict(categorical)
    if task == "binary":
        expected = np.column_stack([1 - expected, expected])
    np.testing.assert_array_equal(adapter.predict(frame), expected)
    assert adapter.info.task == task
    assert len(adapter.info.classes) == {"binary": 2, "multiclass": 3, "regression": 0}[task]
    assert adapter.info.features == tuple(frame.columns)


def test_every_dtype_of_a_category_is_the_same_category(saved, frame):
    adapter = load(saved, "cpu")
    expected = adapter.predict(frame)
    for kind in (object, "category", "string", "str"):
        np.testing.assert_array_equal(adapter.predict(frame.astype({"job": kind})), expected)
    few = frame.head(5)
    np.testing.assert_array_equal(adapter.predict(few), expected[:5])


def test_unseen_category_is_missing_as_for_the_library(saved, frame):
    adapter = load(saved, "cpu")
    unseen, missing = frame.assign(job="pilot"), frame.assign(job=None)
    np.testing.assert_array_equal(adapter.predict(unseen), adapter.predict(missing))


def test_numeric_pandas_categories_match_numbers_and_texts(tmp_path, frame, targets):
    trained = frame[["age", "grade"]].assign(grade=pd.Categorical(frame["grade"]))
    booster = train(trained, targets["binary"], objective="binary")
    booster.save_model(tmp_path / "m.txt")
    adapter = load(tmp_path / "m.txt", "cpu")
    expected = booster.predict(trained)
    for kind in (int, float, str):
        given = frame.astype({"grade": kind})
        np.testing.assert_array_equal(adapter.predict(given)[:, 1], expected)


def test_text_in_a_numeric_column_names_column_and_value(saved, frame):
    bad = frame.assign(age=["?", *frame["age"].iloc[1:].astype(str)])
    with pytest.raises(InputError, match=r"'age' holds the text '\?'"):
        load(saved, "cpu").predict(bad)


def test_ranking_objective_is_refused(tmp_path, frame, targets):
    text = train(frame[["age"]], targets["binary"], objective="binary").model_to_string()
    path = tmp_path / "m.txt"
    path.write_text(text.replace("objective=binary sigmoid:1", "objective=lambdarank"))
    with pytest.raises(InputError, match="lambdarank"):
        load(path, "cpu")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.8])
def test_truncated_file_is_one_clear_error(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / "model.txt"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a lightgbm") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("split_feature", "999"),
        ("left_child", "77"),
        ("left_child", "0"),
        ("leaf_value", "0.1"),
        ("threshold", "1"),
        ("cat_boundaries", "0 9999"),
    ],
)
def test_indices_out_of_the_file_never_reach_the_library(saved, tmp_path, key, value):
    lines = saved.read_text(encoding="utf-8").splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith(key + "="))
    old = lines[place].partition("=")[2].split(" ", 1)
    many = key in ("split_feature", "left_child")
    lines[place] = f"{key}={value}" + (" " + old[1] if many and len(old) > 1 else "")
    path = tmp_path / "model.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="damaged: tree 0"):
        load(path, "cpu")
