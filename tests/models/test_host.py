"""`assay host` walked to its end: the script in a process of its own, its model audited."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings, strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from xgboost import XGBClassifier, XGBRegressor

from audits.cli.before.init import init_command
from audits.models import open_model
from audits.models.endpoint.format import load
from audits.pipeline.run import run_audit
from tests.models.host_process import fail_to_start, run_host, send, write_host

FEATURES = ["age", "income", "job", "member"]
NUMBERS = ["age", "income"]
N = 160


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table as a file and as pandas reads it."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, N),
            "income": generator.normal(30, 9, N).round(1),
            "job": generator.choice(["clerk", "König", "nurse"], N),
            "member": generator.random(N) < 0.5,
            "sex": generator.choice(["f", "m"], N),
        }
    )
    noisy = frame["age"] + frame["income"] + generator.normal(0, 9, N)
    frame["outcome"] = np.where(noisy > noisy.median(), "yes", "no")
    frame["band"] = np.digitize(noisy, np.quantile(noisy, [0.3, 0.7]))
    frame["amount"] = noisy.round(2)
    frame.loc[::9, "income"] = np.nan
    frame.loc[::13, "job"] = None
    path = tmp_path_factory.mktemp("table") / "data.csv"
    frame.to_csv(path, index=False)
    return path, pd.read_csv(path)


def encode(last):
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["job"]),
            remainder=SimpleImputer(),
        ),
        last,
    )


def add_ratio(frame):
    return frame.assign(ratio=frame["income"] / frame["age"]).fillna(0.5)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(torch.nan_to_num(x) / 50)


PYTHON = '''
TASK = "binary"
CLASSES = ["no", "yes"]
FEATURES = ["job", "age"]


def predict_proba(frame):
    """A rule of thumb, with a probability."""
    yes = frame["job"].fillna("").str.len() / 10 + frame["age"] / 200
    return [[1 - value, value] for value in yes]


def predict(frame):
    return ["yes" if row[1] > 0.5 else "no" for row in predict_proba(frame)]
'''


def save_estimator(model, columns, target):
    def save(folder, frame):
        model.fit(
            frame[columns] if columns is not None else frame[NUMBERS].to_numpy(), frame[target]
        )
        joblib.dump(model, folder / "model.joblib")
        rows = frame[columns] if columns is not None else frame[NUMBERS].to_numpy()
        scores = model.predict_proba(rows) if hasattr(model, "predict_proba") else None
        return "model.joblib", model.predict(rows), scores

    return save


def save_function(folder, frame):
    model = make_pipeline(FunctionTransformer(add_ratio), LogisticRegression(max_iter=500))
    model.fit(frame[NUMBERS], frame["outcome"])
    add_ratio.__module__ = "__main__"  # as if it had been written in a notebook
    try:
        main = __import__("__main__")
        main.add_ratio = add_ratio
        joblib.dump(model, folder / "model.joblib")
    finally:
        del main.add_ratio
        add_ratio.__module__ = __name__
    return "model.joblib", model.predict(frame[NUMBERS]), model.predict_proba(frame[NUMBERS])


def save_network(folder, frame):
    torch.manual_seed(0)
    model = Net()
    torch.save(torch.nn.Sequential(*model.children()), folder / "model.pt")
    with torch.no_grad():
        filled = torch.from_numpy(frame[["age", "member"]].to_numpy("float32"))
        logits = model.layer(filled)[:, 0].numpy()
    yes = 1 / (1 + np.exp(-logits.astype(float)))
    return "model.pt", np.where(yes >= 0.5, "yes", "no"), np.column_stack([1 - yes, yes])


def save_python(folder, frame):
    (folder / "thumb.py").write_text(PYTHON, encoding="utf-8")
    names = {}
    exec(PYTHON, names)
    return "thumb.py", np.array(names["predict"](frame)), np.array(names["predict_proba"](frame))


CASES = {
    # name: (how it is saved, the target, what the person declares, what they paste)
    "pipeline": (save_estimator(encode(LogisticRegression(max_iter=500)), FEATURES, "outcome"), "outcome", {}),
    "calibrated": (save_estimator(CalibratedClassifierCV(encode(LogisticRegression()), cv=2), FEATURES, "outcome"), "outcome", {}),
    "boosted pipeline": (save_estimator(encode(XGBClassifier(n_estimators=5)), FEATURES, "band"), "band", {}),
    "booster on names": (save_estimator(XGBClassifier(n_estimators=5), ["income", "age", "member"], "band"), "band", {}),
    "booster on arrays": (save_estimator(XGBRegressor(n_estimators=5), None, "amount"), "amount", {"features": ("age", "income")}),
    "ridge": (save_estimator(encode(RidgeClassifier()), FEATURES, "outcome"), "outcome", {}),
    "centroid": (save_estimator(encode(NearestCentroid()), FEATURES, "band"), "band", {"output": "decision"}),
    "regression": (save_estimator(encode(LinearRegression()), FEATURES, "amount"), "amount", {}),
    "own function": (save_function, "outcome", {}),
    "network": (save_network, "outcome", {"task": "binary", "classes": ("no", "yes"), "output": "logit", "features": ("age", "member")}),
    "python": (save_python, "outcome", {}),
}  # fmt: skip
TASKS = {"outcome": "binary", "band": "multiclass", "amount": "regression"}


def paste(script, code):
    """Put code where the script asks for it."""
    text = script.read_text(encoding="utf-8")
    mark = "# Functions or classes of your own that the model holds: import them, or paste them here.\n"
    assert mark in text
    script.write_text(text.replace(mark, mark + code), encoding="utf-8")


OWN_CODE = """
def add_ratio(frame):
    return frame.assign(ratio=frame["income"] / frame["age"]).fillna(0.5)
"""


def host(tmp_path, table, name):
    save, target, declared = CASES[name]
    path, frame = table
    file, decisions, scores = save(tmp_path, frame)
    script = write_host(tmp_path / file, data=path, **declared)
    if name == "own function":
        said = fail_to_start(script)
        assert "add_ratio" in said
        assert "does your own code stand above load?" in said.splitlines()[-1]
        paste(script, OWN_CODE)
    return script, TASKS[target], np.asarray(decisions), scores


@pytest.mark.parametrize("name", CASES)
def test_it_answers_as_the_model_does(tmp_path, table, name):
    script, task, decisions, scores = host(tmp_path, table, name)
    declared = CASES[name][2]
    with run_host(script) as description, open_model(description) as client:
        assert client.info.task == task
        given_ = client.predict(table[1])
        for place in (0, 9, 13, 117):  # a row alone, also with missing values
            alone = client.predict(table[1].iloc[[place]])
            np.testing.assert_allclose(alone[0], given_[place], rtol=1e-6)
        if task == "regression":
            np.testing.assert_allclose(given_, decisions.astype(float), rtol=1e-7)
            return
        classes = np.array(client.info.classes)
        if name != "network":
            decided = load(description, "cpu").decide(table[1])
            np.testing.assert_array_equal(classes[decided], decisions.astype(str))
        np.testing.assert_array_equal(classes[given_.argmax(axis=1)], decisions.astype(str))
        if declared.get("output") == "decision":
            assert set(np.unique(given_)) == {0.0, 1.0}
        elif scores is not None:
            np.testing.assert_allclose(given_, scores, atol=1e-7)


LIGHT = """
[explain]
rows = 5
sampled_rows = 5
trust_rows = 0
error_rows = 5
effects_rows = 10
permutation_rows = 20
anchors = 0
[recourse]
rows = 2
"""


MORE = [pytest.param(name, marks=pytest.mark.slow) for name in ("pipeline", "booster on names")]


@pytest.mark.parametrize("name", ["ridge", "network", *MORE])
def test_its_model_is_audited_like_any_other(tmp_path, table, name):
    """From `assay host` over `assay init` to the report, with nothing written by hand but what
    is true of the data."""
    script, task, decisions, _ = host(tmp_path, table, name)
    target = CASES[name][1]
    audit = tmp_path / "audit.toml"
    with run_host(script) as description:
        init_command(description, table[0], audit)
        starter = audit.read_text(encoding="utf-8")
        assert f'task = "{task}"' in starter
        lines = [line for line in starter.split("[recourse]")[0].splitlines()
                 if not line.startswith(("target", "protected", "positive", "[data.edges", 'age ='))]  # fmt: skip
        at = lines.index("[data]") + 1
        lines[at:at] = [f'target = "{target}"', 'protected = ["sex"]',
                        *(['positive = "yes"'] if task == "binary" else [])]  # fmt: skip
        if name == "network":  # with random weights it ranks people the wrong way round
            lines.insert(lines.index("[model]") + 1, 'classes = ["no", "yes"]')
        audit.write_text("\n".join(lines) + LIGHT, encoding="utf-8")
        bundle = run_audit(audit, tmp_path / "run")
    predictions = pd.read_parquet(bundle.evidence_path("predictions.parquet"))
    answers = {"binary": np.where(predictions["y_pred"] == 1, "yes", "no")}
    decided = answers.get(task, predictions["y_pred"])
    np.testing.assert_array_equal(np.asarray(decided, dtype=str), decisions.astype(str))
    errors = [check for check in bundle.report.checks if str(check.status) == "error"]
    assert not errors
    files = {file.name for file in (bundle.path / "evidence").iterdir()}
    assert "attributions.permutation_shap.parquet" in files
    assert task != "binary" or {"counterfactuals.parquet", "no_recourse.parquet"} & files


@pytest.mark.parametrize(
    ("name", "declared", "data", "words"),
    [
        ("network", {"features": ("age",)}, True, "does not say its task; set TASK at the top"),
        ("booster on arrays", {}, True, "does not say its features; set FEATURES at the top"),
        ("pipeline", {}, False, "KINDS at the top lacks 'age': say number, boolean or text"),
        ("ridge", {"output": "score", "threshold": None, "task": "binary"}, True, None),
    ],
)
def test_what_the_model_does_not_say_is_asked(tmp_path, table, name, declared, data, words):
    path, frame = table
    file, *_ = CASES[name][0](tmp_path, frame)
    script = write_host(tmp_path / file, data=path if data else None, **declared)
    if words is None:  # the margin's own threshold is known
        with run_host(script) as description:
            assert json.loads(description.read_text())["threshold"] == 0
        return
    said = fail_to_start(script)
    assert said.startswith("host.py: ")
    assert words in said
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(tmp_path, table):
    save_python(tmp_path, table[1])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        script = write_host(tmp_path / "thumb.py", data=table[0], port=taken.getsockname()[1])
        said = fail_to_start(script)
    assert "set another PORT at the top" in said
    assert said.count("\n") == 1
    assert not script.with_suffix(".endpoint.json").exists()


@pytest.fixture(scope="module")
def port(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("served")
    fault = '\n    if len(frame) == 3: raise KeyError("a model\'s own fault")\n    if len(frame) == 4: return []\n'
    text = PYTHON.replace('"""A rule of thumb, with a probability."""', fault)
    (folder / "thumb.py").write_text(text, encoding="utf-8")
    script = write_host(folder / "thumb.py", data=table[0])
    with run_host(script) as description:
        about = json.loads(description.read_text())
        yield int(about["url"].split(":")[2].split("/")[0])


def body(rows, columns=("job", "age"), **more):
    return json.dumps({"columns": list(columns), "rows": rows, **more})


GOOD = [["clerk", 40], [None, 20.5]]


def test_it_describes_itself(port):
    status, about = send(port, None, "/describe", "GET")
    assert status == 200
    assert about["features"] == [{"name": "job", "kind": "text"}, {"name": "age", "kind": "number"}]
    assert about["classes"] == ["no", "yes"]
    assert send(port, body([]))[1] == {"scores": []}
    assert send(port, body(GOOD, answer="decisions"))[1] == {"decisions": ["yes", "no"]}


@pytest.mark.parametrize(
    ("content", "more", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[]", {}, 400),
        (b"3", {}, 400),
        (b"[" * 100_000, {}, 400),
        (body([["clerk", float("nan")]]), {}, 400),
        (body([["clerk", 1e999]]), {}, 400),
        (body(GOOD, columns=("age", "job")), {}, 400),
        (body(GOOD, columns=("job", "age", "sex")), {}, 400),
        (body([["clerk"]]), {}, 400),
        (body([["clerk", "40"]]), {}, 400),
        (body([["clerk", True]]), {}, 400),
        (body([[1, 40]]), {}, 400),
        (body([{"job": "clerk"}]), {}, 400),
        (body({}), {}, 400),
        (body(GOOD), {"path": "/"}, 404),
        (body(GOOD), {"path": "/describe"}, 404),
        (b"", {"path": "/predict", "method": "GET"}, 404),
        (body(GOOD), {"method": "DELETE"}, 501),
        (body(GOOD), {"method": "OPTIONS"}, 501),
        (body(GOOD), {"Content_Type": "text/plain"}, 415),
        (body(GOOD), {"Content_Length": "-1"}, 411),
        (body(GOOD), {"Content_Length": "x"}, 411),
        (body(GOOD), {"Content_Length": str(1 << 40)}, 411),
        (body(GOOD), {"Content_Length": str((64 << 20) + 1)}, 413),
        (body(GOOD), {"Host": "example.com"}, 403),
        (body(GOOD), {"Host": "127.0.0.1.example.com"}, 403),
        (body(GOOD), {"Host": "localhost.example.com:80"}, 403),
        (b"", {"path": "/describe", "method": "GET", "Host": "example.com"}, 403),
        (body([["clerk", 40]] * 3), {}, 500),
        (body([["clerk", 40]] * 4), {}, 500),
    ],
)
def test_whatever_is_wrong_is_one_json_line(port, content, more, status):
    found, answer = send(port, content, **more)
    assert (found, list(answer)) == (status, ["error"])
    assert send(port, body(GOOD))[0] == 200, "it goes on"


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["columns", "rows", "answer"]), inner),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
        st.lists(st.lists(st.none() | st.text(max_size=3) | st.floats() | st.integers(), min_size=2, max_size=2), max_size=2)
        .map(lambda rows: body(rows).encode()),
    )
)  # fmt: skip
def test_no_request_ends_it(port, content):
    status, answer = send(port, content)
    assert status in (200, 400, 500)
    assert ("scores" in answer or "decisions" in answer) if status == 200 else "error" in answer


def test_slow_and_broken_connections_do_not_keep_others_waiting(port):
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for one in idle:
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n")
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send(port, body(GOOD)), range(40)))
    finally:
        for one in idle:
            one.close()
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0][0] == 200


def test_only_this_machine_reaches_it(port):
    """It listens on 127.0.0.1, not on every address of the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks for this machine's address
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.2"
    if address == "127.0.0.1":
        address = "127.0.0.2"
    with pytest.raises(OSError), socket.create_connection((address, port), timeout=2):
        pass
    assert threading.active_count() < 50
