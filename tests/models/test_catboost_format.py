import json

import catboost
import numpy as np
import pandas as pd
import pytest

from audits.cli.before.init import init_command
from audits.core.errors import CheckNotApplicableError, InputError
from audits.models import open_model
from audits.models.formats.catboost import load
from audits.models.formats.formats import detect_format
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems

TEXTS = ["job", "grade", "constant"]
LOSSES = {
    "binary": ["Logloss", "CrossEntropy", "Focal:focal_alpha=0.5;focal_gamma=1", "MultiClass"],
    "multiclass": ["MultiClass", "MultiClassOneVsAll"],
    "regression": ["RMSE", "MAE", "Poisson", "Quantile:alpha=0.3", "Tweedie:variance_power=1.5"],
}
GROWTH = ["SymmetricTree", "Depthwise", "Lossguide"]


def train(frame, target, texts=TEXTS, **options):
    common = {"iterations": 6, "depth": 3, "thread_count": 1, "random_seed": 0}
    model = catboost.CatBoost(common | {"allow_writing_files": False, "verbose": 0} | options)
    return model.fit(frame, target, cat_features=texts)


@pytest.fixture(scope="session")
def mixed(frame):
    """CatBoost refuses missing categories, so the person who trained it filled them."""
    return frame.assign(job=frame["job"].fillna("?"))


@pytest.fixture(scope="session")
def saved(tmp_path_factory, mixed, targets):
    folder = tmp_path_factory.mktemp("catboost")
    for growth in GROWTH:
        model = train(mixed, targets["binary"], loss_function="Logloss", grow_policy=growth)
        model.save_model(str(folder / f"{growth}.cbm"))
    model = train(mixed, targets["binary"], loss_function="Logloss")
    model.save_model(str(folder / "SymmetricTree.json"), format="json")
    numeric = train(mixed[["age", "grade"]], targets["binary"], [], grow_policy="Depthwise")
    numeric.save_model(str(folder / "Depthwise.json"), format="json")
    return folder


def expected_of(model, frame, loss):
    if loss in LOSSES["binary"] or loss in LOSSES["multiclass"]:
        return model.predict(frame, prediction_type="Probability")
    kind = "Exponent" if loss.startswith(("Poisson", "Tweedie")) else "RawFormulaVal"
    return model.predict(frame, prediction_type=kind)


@pytest.mark.parametrize("kind", ["cbm", "json"])
@pytest.mark.parametrize(
    ("task", "loss"), [(task, loss) for task in LOSSES for loss in LOSSES[task]]
)
def test_predictions_equal_the_library(tmp_path, mixed, targets, task, loss, kind):
    model = train(mixed, targets[task], loss_function=loss)
    path = tmp_path / "any name"
    model.save_model(str(path), format=kind)
    assert detect_format(path).name == "catboost"
    adapter = load(path, "cpu")
    np.testing.assert_allclose(adapter.predict(mixed), expected_of(model, mixed, loss), rtol=1e-12)
    assert adapter.predict(mixed.head(0)).shape == adapter.predict(mixed)[:0].shape
    assert adapter.info.task == task
    assert adapter.info.features == tuple(mixed.columns)
    count = {"binary": 2, "multiclass": 3, "regression": 0}[task]
    assert adapter.info.classes == tuple(map(str, range(count)))


@pytest.mark.parametrize("growth", GROWTH)
def test_every_way_to_grow_a_tree(saved, mixed, targets, growth):
    model = train(mixed, targets["binary"], loss_function="Logloss", grow_policy=growth)
    expected = model.predict(mixed, prediction_type="Probability")
    adapter = load(saved / f"{growth}.cbm", "cpu")
    np.testing.assert_allclose(adapter.predict(mixed), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["no", "yes"], ("no", "yes")),
        ([False, True], ("False", "True")),
        ([0.0, 0.5], ("0.0", "0.5")),
        ([3, 7], ("3", "7")),
    ],
)
@pytest.mark.parametrize("kind", ["cbm", "json"])
def test_classes_are_read_from_the_file(tmp_path, mixed, targets, labels, classes, kind):
    model = train(mixed, np.asarray(labels)[targets["binary"]], loss_function="MultiClass")
    model.save_model(str(tmp_path / "m"), format=kind)
    assert load(tmp_path / "m", "cpu").info.classes == classes


def test_every_dtype_of_a_category_is_the_same_category(saved, mixed):
    adapter = load(saved / "SymmetricTree.cbm", "cpu")
    expected = adapter.predict(mixed)
    for kind in (object, "category", "string", "str"):
        np.testing.assert_array_equal(adapter.predict(mixed.astype({"job": kind})), expected)
    for kind in (float, object, "category", "str", "Int64"):
        np.testing.assert_array_equal(adapter.predict(mixed.astype({"grade": kind})), expected)
    np.testing.assert_array_equal(adapter.predict(mixed[mixed.columns[::-1]]), expected)


def test_boolean_categories_are_the_librarys(tmp_path, mixed, targets):
    model = train(mixed, targets["binary"], [*TEXTS, "member"], loss_function="Logloss")
    model.save_model(str(tmp_path / "m.cbm"))
    expected = model.predict(mixed, prediction_type="Probability")
    adapter = load(tmp_path / "m.cbm", "cpu")
    np.testing.assert_allclose(adapter.predict(mixed), expected, rtol=1e-12)


def test_missing_numbers_are_the_librarys_and_missing_categories_an_error(saved, frame, mixed):
    assert mixed["age"].isna().any()
    adapter = load(saved / "SymmetricTree.cbm", "cpu")
    with pytest.raises(InputError, match=r"'job' has missing values, which CatBoost refuses"):
        adapter.predict(frame)


@pytest.mark.parametrize("kind", ["cbm", "json"])
def test_metadata_says_what_missing_was_in_training(tmp_path, frame, mixed, targets, kind):
    model = train(mixed, targets["binary"], loss_function="Logloss")
    model.get_metadata()["assay.missing"] = "?"
    model.save_model(str(tmp_path / "m"), format=kind)
    adapter = load(tmp_path / "m", "cpu")
    np.testing.assert_array_equal(adapter.predict(frame), adapter.predict(mixed))


def test_unseen_category_counts_as_the_library_counts_it(saved, mixed, targets):
    model = train(mixed, targets["binary"], loss_function="Logloss")
    unseen = mixed.assign(job="pilot")
    expected = model.predict(unseen, prediction_type="Probability")
    np.testing.assert_allclose(
        load(saved / "SymmetricTree.cbm", "cpu").predict(unseen), expected, rtol=1e-12
    )


def test_encode_gives_numbers_only(tmp_path, saved, mixed, targets):
    numeric = mixed[["age", "grade", "member"]]
    train(numeric, targets["binary"], [], loss_function="Logloss").save_model(
        str(tmp_path / "m.cbm")
    )
    adapter = load(tmp_path / "m.cbm", "cpu")
    encoded = adapter.encode(mixed)
    np.testing.assert_array_equal(adapter.predict_encoded(encoded.matrix), adapter.predict(mixed))
    np.testing.assert_array_equal(encoded.matrix, numeric.to_numpy(dtype=float))
    assert encoded.owner.tolist() == [0, 1, 2]
    with pytest.raises(CheckNotApplicableError, match="'constant', 'grade', 'job'"):
        load(saved / "SymmetricTree.cbm", "cpu").encode(mixed)


def test_text_in_a_numeric_column_names_column_and_value(saved, mixed):
    bad = mixed.assign(age=["?", *mixed["age"].iloc[1:].astype(str)])
    with pytest.raises(InputError, match=r"'age' holds the text '\?'"):
        load(saved / "SymmetricTree.cbm", "cpu").predict(bad)


def test_the_worker_opens_it(saved, mixed):
    with open_model(saved / "SymmetricTree.cbm") as client:
        assert client.info.format == "catboost"
        expected = load(saved / "SymmetricTree.cbm", "cpu").predict(mixed)
        np.testing.assert_array_equal(client.predict(mixed), expected)


AUDIT = """
[audit]
name = "CatBoost"
[data]
path = "rows.csv"
target = "hired"
positive = "yes"
protected = ["sex"]
[model]
path = "model.cbm"
[explain]
anchors = 0
[recourse]
rows = 3
"""


def test_a_whole_audit_over_it(tmp_path, mixed, targets):
    labels = np.where(targets["binary"], "yes", "no")
    features = mixed.drop(columns="constant")
    model = train(features, labels, ["job", "grade"], loss_function="Logloss")
    model.save_model(str(tmp_path / "model.cbm"))
    sex = np.random.default_rng(3).choice(["f", "m"], len(mixed))
    features.assign(sex=sex, hired=labels).to_csv(tmp_path / "rows.csv", index=False)
    init_command(tmp_path / "model.cbm", tmp_path / "rows.csv", tmp_path / "starter.toml")
    starter = (tmp_path / "starter.toml").read_text(encoding="utf-8")
    assert 'target = "hired"' in starter
    assert 'positive = "yes"' in starter
    (tmp_path / "audit.toml").write_text(AUDIT, encoding="utf-8")
    bundle = run_audit(tmp_path / "audit.toml", tmp_path / "run")
    assert recompute_problems(bundle) == []
    states = {check.code: (str(check.status), check.reason) for check in bundle.report.checks}
    assert not [code for code, (status, _) in states.items() if status == "error"], states
    scores = pd.read_parquet(bundle.evidence_path("predictions.parquet"))["y_score"]
    expected = model.predict(features, prediction_type="Probability")[:, 1]
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    assert (bundle.path / "evidence" / "attributions.tree_shap.parquet").exists()
    assert bundle.report.subject.model.format == "catboost"
    assert "catboost" in bundle.report.run.environment.packages


def test_features_without_names_are_numbered_as_the_library_numbers_them(tmp_path, frame, targets):
    model = train(
        frame[["age", "grade"]].to_numpy(), targets["binary"], [], loss_function="Logloss"
    )
    model.save_model(str(tmp_path / "m.cbm"))
    assert load(tmp_path / "m.cbm", "cpu").info.features == ("0", "1")


@pytest.mark.parametrize("loss", ["LogLinQuantile", "MultiQuantile:alpha=0.2,0.8"])
def test_losses_that_are_no_target_are_refused(tmp_path, mixed, targets, loss):
    train(mixed, targets["regression"], loss_function=loss).save_model(str(tmp_path / "m.cbm"))
    with pytest.raises(InputError, match=loss.partition(":")[0]):
        load(tmp_path / "m.cbm", "cpu")


def test_texts_are_refused(tmp_path, mixed, targets):
    words = pd.DataFrame({"age": mixed["age"], "note": mixed["job"] + " of the town"})
    pool = catboost.Pool(words, targets["binary"], text_features=["note"])
    options = {"iterations": 3, "allow_writing_files": False, "verbose": 0, "thread_count": 1}
    catboost.CatBoost(options | {"loss_function": "Logloss"}).fit(pool).save_model(
        str(tmp_path / "m.cbm")
    )
    with pytest.raises(InputError, match="whole texts or embeddings"):
        load(tmp_path / "m.cbm", "cpu")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize(
    "name", ["SymmetricTree.cbm", "Lossguide.cbm", "SymmetricTree.json", "Depthwise.json"]
)
def test_truncated_file_is_one_clear_error(saved, tmp_path, share, name):
    content = (saved / name).read_bytes()
    path = tmp_path / f"model{name[-5:]}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a|is no model") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)


def change_json(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SymmetricTree.json", lambda d: d["oblivious_trees"][0]["splits"][0].update(split_index=99)),
        ("SymmetricTree.json", lambda d: d["oblivious_trees"][0]["leaf_values"].pop()),
        ("SymmetricTree.json", lambda d: d["oblivious_trees"][0]["leaf_weights"].pop()),
        ("SymmetricTree.json", lambda d: d["features_info"]["float_features"].pop(0)),
        ("SymmetricTree.json", lambda d: d["features_info"]["ctrs"][0]["elements"][0].update(cat_feature_index=9)),
        ("SymmetricTree.json", lambda d: d["scale_and_bias"].__setitem__(1, [0.0, 0.0])),
        ("Depthwise.json", lambda d: d["trees"][0]["split"].update(float_feature_index=7)),
        ("Depthwise.json", lambda d: d["trees"][0].pop("left")),
    ],
)  # fmt: skip
def test_indices_out_of_the_json_never_reach_the_library(saved, tmp_path, name, change):
    path = tmp_path / "model.json"
    path.write_bytes((saved / name).read_bytes())
    change_json(path, change)
    with pytest.raises(InputError, match="damaged"):
        load(path, "cpu")


@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("field", [1, 2, 10, 11])
def test_indices_out_of_the_binary_never_reach_the_library(saved, tmp_path, growth, field):
    from audits.models.files.flatbuffer import read_root

    content = bytearray((saved / f"{growth}.cbm").read_bytes())
    core = bytes(content[8 : 8 + int.from_bytes(content[4:8], "little")])
    array = read_root(core).table(1).array(field, "<u4")
    if not array.size:
        pytest.skip("trees of this kind have no such list")
    place = 8 + core.index(array.tobytes())
    content[place : place + 4] = (0x00FF00FE).to_bytes(4, "little")
    path = tmp_path / "model.cbm"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        load(path, "cpu")
