import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audits.core.errors import CheckNotApplicableError, InputError
from audits.models.formats.formats import detect_format
from audits.models.formats.onnx import load

COLUMNS = ["age", "job", "grade"]


@pytest.fixture(scope="module")
def rows(frame):
    return frame[COLUMNS].assign(age=frame["age"].fillna(40), job=frame["job"].fillna(""))


def make_pipeline_model(rows, target, estimator):
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "grade"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ]
    )
    return make_pipeline(columns, estimator).fit(rows, target)


def export(model, path, **options):
    types = [
        ("age", FloatTensorType([None, 1])),
        ("job", StringTensorType([None, 1])),
        ("grade", FloatTensorType([None, 1])),
    ]
    document = to_onnx(model, initial_types=types, options=options or None)
    path.write_bytes(document.SerializeToString())
    return path


def run_directly(path, rows):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = {
        name: rows[[name]].to_numpy(object if name == "job" else np.float32) for name in COLUMNS
    }
    return session.run(None, feed)


@pytest.mark.parametrize("zipmap", [True, False], ids=["zipmap", "tensor"])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classifiers_of_one_input_a_column(tmp_path, rows, targets, task, zipmap):
    model = make_pipeline_model(rows, targets[task], LogisticRegression())
    path = export(model, tmp_path / "model.onnx", zipmap=zipmap)
    assert detect_format(path).name == "onnx"
    adapter = load(path, "cpu")
    given = adapter.predict(rows[COLUMNS[::-1]])
    expected = run_directly(path, rows)[1]
    if zipmap:
        expected = np.array([list(row.values()) for row in expected])
    np.testing.assert_array_equal(given, expected.astype(float))
    np.testing.assert_allclose(given, model.predict_proba(rows), atol=1e-5)
    assert adapter.info.features == tuple(COLUMNS)
    assert adapter.info.classes == tuple(str(item) for item in model.classes_)
    with pytest.raises(CheckNotApplicableError, match="'job'"):
        adapter.encode(rows)


def test_regressors(tmp_path, rows, targets):
    model = make_pipeline_model(rows, targets["regression"], LinearRegression())
    path = export(model, tmp_path / "model.onnx")
    adapter = load(path, "cpu")
    assert adapter.info.task == "regression"
    np.testing.assert_array_equal(adapter.predict(rows), run_directly(path, rows)[0][:, 0])
    np.testing.assert_allclose(adapter.predict(rows), model.predict(rows), rtol=1e-4)


def make_linear(width, outputs, *, softmax=False, metadata=None, domain="", columns=None):
    """A graph by hand: one tensor `[None, width]` times weights, perhaps softmax."""
    generator = np.random.default_rng(0)
    weights = numpy_helper.from_array(
        generator.normal(size=(width, outputs)).astype(np.float32), "weights"
    )
    nodes = [helper.make_node("MatMul", ["x", "weights"], ["z"], domain=domain)]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["z"], ["y"], axis=1))
    else:
        nodes.append(helper.make_node("Identity", ["z"], ["y"]))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, columns or width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, outputs])],
        [weights],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    document = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    for key, value in (metadata or {}).items():
        entry = document.metadata_props.add()
        entry.key, entry.value = key, value
    return document, numpy_helper.to_array(weights)


def save(document, path):
    path.write_bytes(document.SerializeToString())
    return path


def test_one_tensor_takes_names_from_metadata(tmp_path, rows):
    metadata = {
        "assay.features": json.dumps(["grade", "age"]),
        "assay.classes": json.dumps(["low", "middle", "high"]),
    }
    document, weights = make_linear(2, 3, softmax=True, metadata=metadata)
    adapter = load(save(document, tmp_path / "m.onnx"), "cpu")
    logits = rows[["grade", "age"]].to_numpy(np.float32) @ weights
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(adapter.predict(rows), expected, atol=1e-5)
    assert adapter.info.classes == ("low", "middle", "high")
    encoded = adapter.encode(rows)
    assert encoded.owner.tolist() == [0, 1]
    np.testing.assert_array_equal(encoded.matrix, rows[["grade", "age"]].to_numpy(float))


def test_one_tensor_without_names_numbers_its_columns(tmp_path):
    document, weights = make_linear(4, 1)
    adapter = load(save(document, tmp_path / "m.onnx"), "cpu")
    assert adapter.info.features == ("f0", "f1", "f2", "f3")
    assert adapter.info.task == "regression"
    values = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    given = adapter.predict(pd.DataFrame(values, columns=list(adapter.info.features)))
    np.testing.assert_allclose(given, (values @ weights)[:, 0], rtol=1e-5)
    assert adapter.predict(pd.DataFrame(columns=list(adapter.info.features))).shape == (0,)


def test_names_that_do_not_fit_are_refused(tmp_path):
    document, _ = make_linear(2, 1, metadata={"assay.features": '["only one"]'})
    with pytest.raises(InputError, match="takes 2 columns"):
        load(save(document, tmp_path / "a.onnx"), "cpu")
    document, _ = make_linear(2, 1, metadata={"assay.features": '{"not": "a list"}'})
    with pytest.raises(InputError, match="JSON list"):
        load(save(document, tmp_path / "b.onnx"), "cpu")
    document, _ = make_linear(2, 1, columns="width")
    with pytest.raises(InputError, match="how many columns"):
        load(save(document, tmp_path / "c.onnx"), "cpu")


def test_operators_beyond_the_standard_are_refused(tmp_path):
    document, _ = make_linear(2, 1, domain="com.example")
    with pytest.raises(InputError, match=r"com\.example"):
        load(save(document, tmp_path / "m.onnx"), "cpu")


def test_weights_in_other_files_are_refused(tmp_path):
    document, _ = make_linear(2, 1)
    path = tmp_path / "m.onnx"
    tensor = document.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    tensor.ClearField("raw_data")
    with pytest.raises(InputError, match=r"other files|damaged"):
        load(save(document, path), "cpu")


def test_text_where_a_number_is_wanted_names_column_and_value(tmp_path, rows, targets):
    model = make_pipeline_model(rows, targets["binary"], LogisticRegression())
    adapter = load(export(model, tmp_path / "m.onnx"), "cpu")
    with pytest.raises(InputError, match=r"'age' holds the text '\?'"):
        adapter.predict(rows.assign(age="?"))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.5, 0.9, 0.99])
def test_truncated_file_is_one_clear_error(tmp_path, rows, targets, share):
    model = make_pipeline_model(rows, targets["binary"], LogisticRegression())
    path = export(model, tmp_path / "model.onnx")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a|cannot be opened") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)
