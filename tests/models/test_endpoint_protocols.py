"""Open Inference Protocol v2 and MLflow's /invocations: a server of each, written after the
published forms, answers for one model; the same was done by hand with MLServer 1.7 and
`mlflow models serve` 3.17 (docs/host.md)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from audits.core.errors import InputError, ModelCrashError
from audits.models import open_model
from audits.models.endpoint.format import load
from audits.models.endpoint.outputs import compute_answers
from audits.models.endpoint.protocols import read_batch, write_batch
from audits.models.endpoint.rows import NotAnAnswerError
from audits.models.endpoint.spec import EndpointSpec, load_spec
from audits.models.endpoint.tensors import read_datatypes

FEATURES = [{"name": "age", "kind": "number"}, {"name": "job", "kind": "text"},
            {"name": "member", "kind": "boolean"}]  # fmt: skip
CLASSES = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "regression": []}
URLS = {"assay": "/predict", "v2": "/v2/models/m/versions/1/infer", "mlflow": "/invocations"}
TYPES = {"FP64": (int, float), "BOOL": (bool,), "BYTES": (str,)}


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"age": generator.integers(18, 80, 70), "job": generator.choice(["a", "König"], 70),
         "member": generator.random(70) < 0.5}
    )  # fmt: skip
    frame.loc[::9, "job"] = None
    return frame


def compute_logits(frame, task):
    """The model behind the servers: numbers of missing, text and true values."""
    base = (frame["age"].astype(float).fillna(0) - 45) / 16 + frame["job"].fillna("").str.len() / 4
    base = base.to_numpy() + frame["member"].fillna(False).astype(bool).to_numpy()
    if task == "regression":
        return base[:, None]
    return np.column_stack([0 * base, base, 1 - base][: 2 if task == "binary" else 3])


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def answer(task, output, frame):
    """What the model gives as `output`: an array, rows first."""
    logits = compute_logits(frame, task)
    if output == "decision":
        return np.array(CLASSES[task])[logits.argmax(axis=1)][:, None]
    if output == "probability":
        return softmax(logits)
    return logits[:, 1:] if output == "score" else logits


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.server.protocol == "v2"
        assert self.path == "/v2/models/m/versions/1"
        self.server.described += 1
        self.send_response(200 if self.server.metadata else 404)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.metadata).encode())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = getattr(self, self.server.protocol)(body)
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def v2(self, body):
        columns = {}
        for tensor in body["inputs"]:
            assert tensor["shape"][1] == 1
            assert tensor["shape"][0] == len(tensor["data"])
            types = TYPES[tensor["datatype"]]
            assert all(value is None or type(value) in types for value in tensor["data"])
            columns[tensor["name"]] = tensor["data"]
        values = answer(self.server.task, self.server.output, pd.DataFrame(columns))
        datatype = "BYTES" if values.dtype.kind == "U" else "FP64"
        outputs = [{"name": "answers", "shape": list(values.shape), "datatype": datatype,
                    "data": values.ravel().tolist()}]  # fmt: skip
        if self.server.extra and not body.get("outputs"):
            outputs.append({"name": "label", "shape": [len(values)], "datatype": "INT64",
                            "data": [0] * len(values)})  # fmt: skip
        return {"model_name": "m", "outputs": outputs}

    def mlflow(self, body):
        split = body["dataframe_split"]
        values = answer(
            self.server.task,
            self.server.output,
            pd.DataFrame(split["data"], columns=split["columns"]),
        )
        if self.server.extra:
            return {"predictions": [{"answers": row, "label": 0} for row in values.tolist()]}
        return {"predictions": values.tolist() if values.shape[1] > 1 else values[:, 0].tolist()}

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.metadata, running.described = None, 0
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def describe(folder, url, task, **more):
    path = folder / "m.endpoint.json"
    path.write_text(
        json.dumps({"schema": "assay.endpoint/1", "url": url, "task": task, "features": FEATURES,
                    "classes": CLASSES[task], "batch_rows": 30, **more}),
        encoding="utf-8",
    )  # fmt: skip
    return path


MEANINGS = [
    (task, output)
    for task, outputs in {
        "binary": ["probability", "logit", "score", "decision"],
        "multiclass": ["probability", "logit", "decision"],
        "regression": ["value"],
    }.items()
    for output in outputs
]


@pytest.mark.parametrize("extra", [False, True], ids=["alone", "among others"])
@pytest.mark.parametrize(("task", "output"), MEANINGS)
@pytest.mark.parametrize("protocol", ["v2", "mlflow"])
def test_the_same_model_over_each_protocol(tmp_path, server, rows, protocol, task, output, extra):
    server.protocol, server.task, server.output, server.extra = protocol, task, output, extra
    more = {"protocol": protocol, "output": output}
    if output == "score":
        more["threshold"] = 0.0
    if extra:
        more["output_name"] = "answers"
    url = f"http://127.0.0.1:{server.server_port}{URLS[protocol]}"
    found = load(describe(tmp_path, url, task, **more), "cpu").predict(rows)
    logits = compute_logits(rows, task)
    if task == "regression":
        np.testing.assert_allclose(found, logits[:, 0])
        return
    np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    if output in ("probability", "logit"):
        np.testing.assert_allclose(found, softmax(logits))
    elif output == "score":
        order = np.argsort(logits[:, 1], kind="stable")
        assert (np.diff(found[order, 1]) >= 0).all()
        assert len(np.unique(found[:, 1])) == len(np.unique(logits[:, 1]))
    else:
        assert set(np.unique(found)) <= {0.0, 1.0}


def test_in_the_worker_too(tmp_path, server, rows):
    server.protocol, server.task, server.output, server.extra = "v2", "binary", "probability", False
    url = f"http://127.0.0.1:{server.server_port}{URLS['v2']}"
    with open_model(describe(tmp_path, url, "binary", protocol="v2")) as client:
        np.testing.assert_allclose(client.predict(rows), softmax(compute_logits(rows, "binary")))


def test_the_server_is_asked_once_what_it_reads(tmp_path, server, rows, monkeypatch):
    server.protocol, server.task, server.output, server.extra = "v2", "binary", "probability", False
    names = {"age": "INT32", "job": "BYTES", "member": "BOOL"}
    inputs = [{"name": name, "datatype": kind, "shape": [-1, 1]} for name, kind in names.items()]
    monkeypatch.setattr(server, "metadata", {"name": "m", "inputs": inputs})
    monkeypatch.setattr(server, "described", 0)
    monkeypatch.setitem(TYPES, "INT32", (int,))
    url = f"http://127.0.0.1:{server.server_port}{URLS['v2']}"
    adapter = load(describe(tmp_path, url, "binary", protocol="v2"), "cpu")
    found = adapter.predict(rows.astype({"age": float}))
    np.testing.assert_allclose(found, softmax(compute_logits(rows, "binary")))
    adapter.predict(rows)
    assert server.described == 1
    with pytest.raises(InputError, match=r"'age' holds '0\.5', but the model's server reads INT32"):
        adapter.predict(rows.assign(age=0.5))
    monkeypatch.setattr(server, "metadata", {"inputs": inputs[1:]})
    with pytest.raises(InputError, match="has no input 'age'"):
        load(describe(tmp_path, url, "binary", protocol="v2"), "cpu").predict(rows)


@pytest.mark.parametrize(
    ("datatype", "value", "sent"),
    [("FP32", 1, 1.0), ("FP16", True, 1.0), ("INT8", 2.0, 2), ("UINT64", True, 1), ("BOOL", 1.0, True),
     ("BYTES", "a", "a"), ("FP64", None, None),
     ("INT64", 2.5, None), ("FP32", "a", None), ("INT8", "a", None), ("BOOL", 2, None),
     ("BOOL", "a", None), ("BYTES", 1.0, None)],
)  # fmt: skip
def test_a_value_is_sent_as_the_server_reads_it_or_not_at_all(datatype, value, sent):
    spec = make_spec(protocol="v2", features=FEATURES[:1])
    if sent is None and value is not None:
        with pytest.raises(InputError, match=f"server reads {datatype}"):
            write_batch(spec, [[value]], {"age": datatype})
        return
    tensor = json.loads(write_batch(spec, [[value]], {"age": datatype}))["inputs"][0]
    assert (tensor["datatype"], tensor["data"]) == (datatype, [sent])
    assert type(tensor["data"][0]) is type(sent)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"<html>", b"[]", b"{}", b'{"inputs": []}', b'{"inputs": [1]}', b'{"inputs": 3}',
     b'{"inputs": [{"name": "age"}]}', b"[" * 100_000],
)  # fmt: skip
def test_a_description_that_says_nothing_changes_nothing(content):
    assert read_datatypes(make_spec(protocol="v2"), content) == {}


def make_spec(task="binary", protocol="assay", features=FEATURES, **more):
    return EndpointSpec.model_validate(
        {"schema": "assay.endpoint/1", "url": "http://127.0.0.1:1" + URLS[protocol], "task": task,
         "protocol": protocol, "classes": CLASSES[task], "features": features, **more}
    )  # fmt: skip


def test_a_matrix_has_one_tensor_of_the_numbers_row_by_row():
    numbers = [{"name": "a", "kind": "number"}, {"name": "b", "kind": "boolean"}]
    spec = make_spec(protocol="v2", features=numbers, input_name="x", output_name="p")
    body = json.loads(write_batch(spec, [[1, 2.5, None], [True, False, None]]))
    assert body == {
        "inputs": [{"name": "x", "shape": [3, 2], "datatype": "FP64",
                    "data": [1.0, 1.0, 2.5, 0.0, None, None]}],
        "outputs": [{"name": "p"}],
    }  # fmt: skip


V2 = {"protocol": "v2"}
MLFLOW = {"protocol": "mlflow"}


def tensor(data, shape, name="y"):
    return {"name": name, "shape": shape, "datatype": "FP64", "data": data}


@pytest.mark.parametrize(
    ("more", "content", "rows"),
    [
        (V2, {"outputs": [tensor([[0.1, 0.9], [0.2, 0.8]], [2, 2])]}, [[0.1, 0.9], [0.2, 0.8]]),
        (V2, {"outputs": [tensor([0.1, 0.9, 0.2, 0.8], [2, 2])]}, [[0.1, 0.9], [0.2, 0.8]]),
        (V2, {"outputs": [tensor([0.9, 0.8], [2])]}, [[0.9], [0.8]]),
        (V2, {"outputs": [tensor([[0.9], [0.8]], [2, 1])]}, [[0.9], [0.8]]),
        (V2, {"outputs": [tensor([], [0, 2])]}, []),
        (V2 | {"output_name": "z"}, {"outputs": [tensor([1], [1]), tensor([2], [1], "z")]}, [[2]]),
        (MLFLOW, {"predictions": [0.5, 0.25]}, [[0.5], [0.25]]),
        (MLFLOW, [0.5, 0.25], [[0.5], [0.25]]),
        (MLFLOW, {"predictions": [[0.5, 0.5]]}, [[0.5, 0.5]]),
        (MLFLOW, {"predictions": [{"0": 0.5}]}, [[0.5]]),
        (MLFLOW, {"predictions": [{"yes": 0.75, "no": 0.25}]}, [[0.25, 0.75]]),
        (MLFLOW | {"output_name": "p"}, {"predictions": [{"p": 0.5, "q": 1}]}, [[0.5]]),
    ],
)
def test_forms_of_answers_that_are_read(more, content, rows):
    assert read_batch(make_spec(**more), json.dumps(content).encode()) == rows


@pytest.mark.parametrize(
    ("more", "content", "words"),
    [
        (V2, {"outputs": []}, "with one output, but 0; .*output_name"),
        (
            V2,
            {"outputs": [tensor([1], [1]), tensor([1], [1], "z")]},
            "one output, but 2; .*output_name",
        ),
        (
            V2 | {"output_name": "q"},
            {"outputs": [tensor([1], [1])]},
            "named 'q'; correct output_name",
        ),
        (V2, {"outputs": [tensor([1, 2, 3], [2, 2])]}, "as many values as its shape says"),
        (V2, {"outputs": [tensor([1], [-1])]}, "outputs"),
        (V2, {"outputs": [tensor([1], [True])]}, "outputs"),
        (V2, {"outputs": [tensor([1], [])]}, "outputs"),
        (V2, {"outputs": [tensor("xy", [2])]}, "outputs"),
        (V2, {"outputs": ["y"]}, "one output, but 0"),
        (V2, {"error": "secret"}, "outputs"),
        (MLFLOW, {"predictions": {"0": 1}}, "predictions"),
        (MLFLOW, {"predictions": [{"a": 1, "b": 2}]}, "but 2 columns; .*output_name"),
        (
            MLFLOW | {"output_name": "p"},
            {"predictions": [{"q": 1}]},
            "a column 'p'; correct output_name",
        ),
        (MLFLOW, 3, "predictions"),
    ],
)
def test_other_forms_say_what_was_expected_never_what_came(more, content, words):
    with pytest.raises(NotAnAnswerError, match=words) as caught:
        read_batch(make_spec(**more), json.dumps(content).encode())
    assert "secret" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["scores", "decisions", "outputs", "predictions", "shape", "data", "name"]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300)
@given(st.sampled_from(["assay", "v2", "mlflow"]), st.sampled_from(MEANINGS), json_values)
def test_no_answer_ends_in_anything_else(protocol, meaning, content):
    """Whatever JSON comes: rows of the right width, or one of the two failures."""
    task, output = meaning
    spec = make_spec(task, protocol, output=output, threshold=0 if output == "score" else None)
    try:
        rows = read_batch(spec, json.dumps(content).encode())
        found = compute_answers(spec, rows)
    except (NotAnAnswerError, InputError, ModelCrashError) as error:
        assert "\n" not in str(error)
        return
    assert found.shape == (len(rows), max(1, len(CLASSES[task])))


@pytest.mark.parametrize(
    ("more", "rows", "words"),
    [
        ({}, [[-3.0], [2.0]], 'no probabilities; .*"output": "logit".*"score"'),
        ({}, [[0.5, 0.9]], 'do not add up to 1.*"output": "logit"'),
        ({}, [["yes"]], '"output": "decision"'),
        ({"output": "decision"}, [["maybe"]], "one of its classes for row 0"),
        ({"output": "decision"}, [["no", "yes"]], "one of its classes for row 0"),
        ({"output": "score", "threshold": 1}, [[0.5, 0.5]], "than 1 number for row 0"),
        ({"output": "logit"}, [[0.5, True]], "2 numbers for row 0"),
        ({"task": "regression"}, [[0.5, 0.5]], "than 1 number for row 0"),
    ],
)
def test_numbers_that_are_something_else_are_named(more, rows, words):
    with pytest.raises((InputError, ModelCrashError), match=words):
        compute_answers(make_spec(**more), rows)


def test_declared_probabilities_need_not_add_up():
    spec = make_spec("multiclass", output="probability")
    np.testing.assert_array_equal(compute_answers(spec, [[0.5, 0.5, 0.5]]), [[0.5, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "v3"}, "protocol"),
        ({"protocol": "v2"}, "url that ends in /infer"),
        ({"protocol": "mlflow"}, "url that ends in /invocations"),
        ({"protocol": "v2", "url": "http://10.0.0.1/v2/models/m/infer"}, "not this machine"),
        ({"protocol": "mlflow", "url": "http://example.com/invocations"}, "not this machine"),
        ({"protocol": "v2", "url": "https://127.0.0.1/v2/models/m/infer"}, "begin with http://"),
        ({"output": "value"}, "does not fit the task binary"),
        ({"output": "score"}, "threshold goes with"),
        ({"threshold": 0.5}, "threshold goes with"),
        ({"output": "score", "threshold": float("inf")}, "threshold"),
        ({"output_name": "y"}, "output_name goes with"),
        ({"input_name": "y"}, "input_name goes with"),
        (
            {"input_name": "y", "protocol": "v2", "url": "http://127.0.0.1/v2/models/m/infer"},
            "'job' is a text",
        ),
        (
            {"decisions": True, "protocol": "mlflow", "url": "http://127.0.0.1/invocations"},
            "protocol assay",
        ),
    ],
)
def test_a_description_that_cannot_be_meant_names_the_field(tmp_path, changes, words):
    path = (
        describe(tmp_path, "http://127.0.0.1:1/predict", "binary", **changes)
        if "url" not in changes
        else describe(tmp_path, task="binary", **changes)
    )
    with pytest.raises(InputError, match=words) as caught:
        load_spec(path)
    assert "\n" not in str(caught.value)


def test_what_is_neither_true_nor_false_is_named(tmp_path):
    adapter = load(describe(tmp_path, "http://127.0.0.1:1/predict", "binary"), "cpu")
    with pytest.raises(InputError, match="'member' holds 'maybe'"):
        adapter.predict(pd.DataFrame({"age": [1], "job": ["a"], "member": ["maybe"]}))
