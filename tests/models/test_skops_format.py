import json
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from audits.core.errors import InputError
from audits.models.formats.formats import detect_format
from audits.models.formats.skops import load


def make_columns():
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["job", "constant"]),
        ],
        remainder="passthrough",
    )


def save(model, path):
    skops.io.dump(model, path)
    return path


MODELS = {
    "binary": LogisticRegression(),
    "multiclass": RandomForestClassifier(5, random_state=0),
    "regression": RandomForestRegressor(5, random_state=0),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory, frame, targets):
    model = make_pipeline(make_columns(), MODELS["binary"]).fit(frame, targets["binary"])
    return save(model, tmp_path_factory.mktemp("skops") / "model.skops")


@pytest.mark.parametrize("task", MODELS)
def test_pipelines_predict_as_scikit_learn(tmp_path, frame, targets, task):
    model = make_pipeline(make_columns(), MODELS[task]).fit(frame, targets[task])
    path = save(model, tmp_path / "model.bin")
    assert detect_format(path).name == "skops"
    adapter = load(path, "cpu")
    expected = model.predict(frame) if task == "regression" else model.predict_proba(frame)
    np.testing.assert_array_equal(adapter.predict(frame), expected)
    assert adapter.info.task == task
    assert adapter.info.features == tuple(frame.columns)


@pytest.mark.parametrize("missing", [None, np.nan], ids=["None", "NaN"])
@pytest.mark.parametrize("handle", ["error", "ignore"])
def test_missing_texts_arrive_as_the_encoder_knew_them(tmp_path, frame, targets, missing, handle):
    known = frame[["job", "grade"]].copy()
    known["job"] = known["job"].astype(object).where(known["job"].notna(), missing)
    columns = ColumnTransformer(
        [("job", OneHotEncoder(handle_unknown=handle), ["job"])], remainder="passthrough"
    )
    model = make_pipeline(columns, LogisticRegression()).fit(known, targets["binary"])
    assert model[0].transformers_[0][1].categories_[0].size == 4
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    expected = model.predict_proba(known)
    for given in (known, frame, frame.astype({"job": "category"})):
        np.testing.assert_array_equal(adapter.predict(given), expected)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        KNeighborsClassifier(),
        MLPClassifier((4,), max_iter=5),
        CalibratedClassifierCV(LogisticRegression()),
        StackingClassifier([("a", LogisticRegression())]),
        GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_common_estimators_open(tmp_path, frame, targets, model):
    rows = frame[["age", "grade"]].fillna(40)
    model.fit(rows, targets["binary"])
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    np.testing.assert_allclose(adapter.predict(rows), model.predict_proba(rows), atol=1e-12)


def test_boosting_on_text_categories_opens(tmp_path, frame, categorical, targets):
    model = HistGradientBoostingClassifier(max_iter=3).fit(categorical, targets["binary"])
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    np.testing.assert_array_equal(adapter.predict(frame), model.predict_proba(categorical))


def test_models_fitted_on_arrays_number_their_columns(tmp_path, frame, targets):
    matrix = frame[["age", "grade"]].fillna(40).to_numpy()
    model = LinearRegression().fit(matrix, targets["regression"])
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    assert adapter.info.features == ("f0", "f1")
    given = pd.DataFrame(matrix, columns=["f0", "f1"])
    np.testing.assert_allclose(adapter.predict(given), model.predict(matrix), rtol=1e-12)


def test_data_that_the_model_cannot_take_is_named(saved, tmp_path, frame, targets):
    with pytest.raises(InputError, match=r"'age' holds the text '\?'"):
        load(saved, "cpu").predict(frame.assign(age="?"))
    rows = frame[["age", "grade"]].fillna(40)
    strict = LogisticRegression().fit(rows, targets["binary"])
    with pytest.raises(InputError, match="missing values in 'age'"):
        load(save(strict, tmp_path / "a.skops"), "cpu").predict(frame)
    columns = ColumnTransformer([("job", OneHotEncoder(), ["job"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, targets["binary"])
    with pytest.raises(InputError, match=r"categories \['pilot'\]"):
        load(save(model, tmp_path / "b.skops"), "cpu").predict(frame.assign(job="pilot"))


def not_ours(values):
    return values


def test_types_beyond_the_list_are_named(tmp_path, frame, targets):
    rows = frame[["grade"]]
    model = make_pipeline(FunctionTransformer(not_ours), LogisticRegression())
    path = save(model.fit(rows, targets["binary"]), tmp_path / "m.skops")
    with pytest.raises(InputError, match=r"reviewed list: .*not_ours"):
        load(path, "cpu")


def test_what_predicts_nothing_is_refused(tmp_path, frame, targets):
    path = save(StandardScaler().fit(frame[["grade"]]), tmp_path / "m.skops")
    with pytest.raises(InputError, match="neither a classifier nor a regressor"):
        load(path, "cpu")


def test_a_margin_is_an_order_that_turns_at_a_half(tmp_path, frame, targets):
    model = LinearSVC().fit(frame[["grade"]], targets["binary"])
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    assert adapter.info.output == "score"
    scores = adapter.predict(frame)[:, 1]
    np.testing.assert_array_equal(scores >= 0.5, model.predict(frame[["grade"]]) == 1)


def test_an_estimator_that_was_not_fitted_says_so(tmp_path):
    path = save(LogisticRegression(), tmp_path / "m.skops")
    with pytest.raises(InputError, match="not a fitted model"):
        load(path, "cpu")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated_file_is_one_clear_error(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / "model.skops"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)


def test_a_changed_byte_is_noticed(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    content[len(content) // 4] ^= 0xFF
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        detect_format(path).load(path, "cpu")


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps({}))
        archive.writestr("0.npy", b"\0" * (80 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="far more than a model needs"):
        load(path, "cpu")


def test_selectors_and_bare_encoders_keep_their_missing_values(tmp_path, frame, targets):
    columns = ColumnTransformer(
        [
            ("texts", OneHotEncoder(), make_column_selector(dtype_include=["str", "object"])),
            ("rest", SimpleImputer(), make_column_selector(dtype_include=["number"])),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, targets["binary"])
    adapter = load(save(model, tmp_path / "m.skops"), "cpu")
    np.testing.assert_array_equal(adapter.predict(frame), model.predict_proba(frame))
