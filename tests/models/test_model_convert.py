import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from audits.core.errors import InputError
from audits.models import convert as convert_module
from audits.models.convert import convert_model


@pytest.fixture(scope="module")
def rows(frame):
    return frame[["age", "job", "grade"]].assign(
        age=frame["age"].fillna(40), job=frame["job"].fillna("none")
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory, rows, targets):
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "grade"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(rows, targets["binary"])
    path = tmp_path_factory.mktemp("convert") / "model.joblib"
    joblib.dump(model, path)
    rows.to_csv(path.with_name("rows.csv"), index=False)
    rows.to_parquet(path.with_name("rows.parquet"))
    return path


@pytest.mark.parametrize(("suffix", "data"), [("skops", "rows.csv"), ("onnx", "rows.parquet")])
def test_predictions_are_proven_equal(source, tmp_path, suffix, data):
    target = tmp_path / f"model.{suffix}"
    proof = convert_model(source, target, source.with_name(data))
    assert (proof.format, proof.rows, proof.rows_from) == (suffix, 300, data)
    assert proof.max_difference <= convert_module.TOLERANCES[f".{suffix}"]
    assert [item.name for item in tmp_path.iterdir()] == [target.name]


def test_numeric_models_are_proven_on_random_rows(tmp_path, frame, targets):
    path = tmp_path / "model.pkl"
    joblib.dump(LinearRegression().fit(frame[["grade"]], targets["regression"]), path)
    proof = convert_model(path, tmp_path / "model.onnx")
    assert proof.rows == 1000
    assert proof.rows_from == "1,000 random rows"


def test_a_difference_removes_the_file(source, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(
        convert_module, "_predict", lambda model, frame, *_, **__: np.full((len(frame), 2), 0.5)
    )
    with pytest.raises(InputError, match="predictions differ from model"):
        convert_model(source, tmp_path / "model.onnx", source.with_name("rows.csv"))
    assert list(tmp_path.iterdir()) == []


def not_ours(values):
    return values


def test_what_cannot_be_converted_says_why(source, tmp_path, frame, targets):
    with pytest.raises(InputError, match="add --data"):
        convert_model(source, tmp_path / "model.skops")
    with pytest.raises(InputError, match=r"must end in \.skops or \.onnx"):
        convert_model(source, tmp_path / "model.bin")
    with pytest.raises(InputError, match="did you mean 'model"):
        convert_model(source.with_name("modle.joblib"), tmp_path / "model.skops")
    rows = frame[["grade"]]
    own = make_pipeline(FunctionTransformer(not_ours), RandomForestClassifier(2))
    joblib.dump(own.fit(rows, targets["binary"]), tmp_path / "own.joblib")
    with pytest.raises(InputError, match=r"reviewed list: .*not_ours"):
        convert_model(tmp_path / "own.joblib", tmp_path / "own.skops")
    (tmp_path / "cut.joblib").write_bytes(source.read_bytes()[:500])
    with pytest.raises(InputError, match="cannot be opened"):
        convert_model(tmp_path / "cut.joblib", tmp_path / "cut.skops")
    taken = tmp_path / "taken.skops"
    taken.write_bytes(b"")
    with pytest.raises(InputError, match="exists already"):
        convert_model(source, taken)
