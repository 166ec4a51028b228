"""A real server in this process answers; the model's worker asks it over the loopback."""

import json
import socket
import struct
import threading
import time
from http.server import ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.core.errors import CheckNotApplicableError, InputError, ModelCrashError
from audits.models import open_model
from audits.models.endpoint.format import load
from audits.models.formats.formats import detect_format
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from tests.models.endpoint_server import Handler, Server

FEATURES = [{"name": "age", "kind": "number"}, {"name": "job", "kind": "text"}]
SECRET = "Bearer key-4f1a"


@pytest.fixture
def server(rows, models):
    with Server() as running:
        running.model = models["binary"]
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    n = 400
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, n).astype(float),
            "job": generator.choice(["clerk", "König"], n),
        }
    )
    frame.loc[::7, "age"] = np.nan
    return frame


@pytest.fixture(scope="module")
def models(rows):
    generator = np.random.default_rng(1)
    filled = rows.fillna({"age": 40.0})
    score = filled["age"] / 20 + (filled["job"] == "clerk") + generator.normal(size=len(rows))
    target = {
        "binary": np.where(score > score.median(), "yes", "no"),
        "multiclass": np.digitize(score, [2.0, 3.5]).astype(str),
        "regression": score,
    }
    estimators = {"regression": LinearRegression()}
    return {
        task: make_pipeline(
            make_column_transformer(
                (OneHotEncoder(handle_unknown="ignore"), ["job"]), remainder="passthrough"
            ),
            estimators.get(task, LogisticRegression(max_iter=1000)),
        ).fit(filled, values)
        for task, values in target.items()
    }


def describe(folder, url, task="binary", **changes):
    classes = {"binary": ["no", "yes"], "multiclass": ["0", "1", "2"], "regression": []}[task]
    document = {
        "schema": "assay.endpoint/1", "url": url, "task": task, "classes": classes, "features": FEATURES,
        "batch_rows": 150, "timeout_s": 20, **changes,
    }  # fmt: skip
    path = folder / "model.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def behave(server, path, rows, answer):
    server.behave = answer
    return load(path, "cpu").predict(rows)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_predictions_equal_those_of_the_model_behind_it(tmp_path, server, rows, models, task):
    server.model = models[task]
    path = describe(tmp_path, server.url, task)
    assert detect_format(path).name == "endpoint"
    filled = rows.fillna({"age": 40.0})
    expected = (
        models[task].predict(filled) if task == "regression" else models[task].predict_proba(filled)
    )
    with open_model(path) as client:
        np.testing.assert_array_equal(client.predict(rows), expected)
        assert client.predict(rows.head(0)).shape == expected[:0].shape
        assert (client.info.format, client.info.device) == ("endpoint", "endpoint")
    sizes = [len(request["rows"]) for _, _, request in server.requests]
    assert sizes == [150, 150, 100]
    assert server.requests[0][0] == "/v1/predict?version=2"


def test_what_is_sent(tmp_path, server, rows):
    frame = pd.DataFrame(
        {"job": pd.Series([1.0, None, "a\nb"], dtype=object), "age": [1, None, 2.5], "other": 0}
    )
    load(describe(tmp_path, server.url), "cpu").predict(frame)
    assert server.requests[0][2] == {
        "columns": ["age", "job"],
        "rows": [[1.0, "1"], [None, None], [2.5, "a\nb"]],
    }
    with pytest.raises(InputError, match=r"'age' is infinite in 1 rows"):
        load(describe(tmp_path, server.url), "cpu").predict(frame.assign(age=np.inf).head(1))


def test_a_proxy_is_never_asked(tmp_path, server, rows, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert load(describe(tmp_path, server.url), "cpu").predict(rows).shape == (400, 2)


def test_localhost_is_not_looked_up(tmp_path, server, rows, monkeypatch):
    def refuse(host, *args, **kwargs):
        assert host in ("127.0.0.1", "::1")
        return real(host, *args, **kwargs)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    path = describe(tmp_path, server.url.replace("127.0.0.1", "localhost"))
    assert load(path, "cpu").predict(rows).shape == (400, 2)
    assert server.requests[0][1]["Host"].startswith("localhost:")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/predict",
        "http://10.0.0.1:8080/",
        "http://0.0.0.0:8080/",
        "http://169.254.169.254/latest",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://2130706433:80/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[::ffff:8.8.8.8]/",
        "http://[::2]:80/",
        "http:///predict",
    ],
)
def test_other_machines_are_refused_with_what_to_do(tmp_path, url):
    with pytest.raises(InputError, match=r"not this machine.*forward its port.*ssh -L"):
        open_model(describe(tmp_path, url))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "https://127.0.0.1/"}, "must begin with http://"),
        ({"url": "file:///etc/passwd"}, "must begin with http://"),
        ({"url": "http://me:secret@127.0.0.1/"}, "no name or password"),
        ({"url": "http://127.0.0.1/a b"}, "plain address"),
        ({"url": "http://127.0.0.1/a\r\nX: y"}, "plain address"),
        ({"url": "http://127.0.0.1:99999/"}, "url: .*[Pp]ort"),
        ({"classes": ["yes"]}, "1 classes do not fit the task binary"),
        ({"classes": ["yes", "yes"]}, "classes do not fit"),
        ({"features": []}, "features"),
        ({"features": FEATURES[:1] * 2}, "name of their own"),
        ({"features": [{"name": "age", "kind": "date"}]}, r"features\.0\.kind"),
        ({"batch_rows": 0}, "batch_rows"),
        ({"timeout_s": 1e9}, "timeout_s"),
        ({"headers_env": {"Host": "ASSAY_ENDPOINT_X"}}, "header 'Host' cannot be set"),
        ({"headers_env": {"X:y": "ASSAY_ENDPOINT_X"}}, "cannot be set"),
        ({"headers_env": {"Authorization": "AWS_SECRET_ACCESS_KEY"}}, "begin with ASSAY_ENDPOINT_"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_wrong_description_names_the_field(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        open_model(
            describe(tmp_path, "http://127.0.0.1:1/", **changes)
            if "url" not in changes
            else describe(tmp_path, **changes)
        )
    assert "secret" not in str(caught.value)


def test_a_secret_is_sent_and_never_told(tmp_path, server, rows, monkeypatch):
    path = describe(tmp_path, server.url, headers_env={"Authorization": "ASSAY_ENDPOINT_TOKEN"})
    with pytest.raises(InputError, match=r"ASSAY_ENDPOINT_TOKEN.*is not set"):
        open_model(path)
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET)
    monkeypatch.setenv("ASSAY_ENDPOINT_OTHER", "not for this file")
    with open_model(path) as client:
        client.predict(rows.head(3))
        assert server.requests[-1][1]["Authorization"] == SECRET
        for status in (401, 403, 400, 500):
            server.behave = lambda handler, _, status=status: handler.answer(
                f"no: {handler.headers['Authorization']}".encode(),
                status,
                Echo=handler.headers["Authorization"],
            )
            with pytest.raises((InputError, ModelCrashError), match=str(status)) as caught:
                client.predict(rows.head(3))
            assert "4f1a" not in str(caught.value)
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET + "\r\nX: y")
    with pytest.raises(InputError, match="printable ASCII") as caught:
        open_model(path)
    assert "4f1a" not in str(caught.value)


def test_the_worker_sees_only_the_variables_that_the_file_names(monkeypatch):
    from audits.models.worker.client import _environment

    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET)
    monkeypatch.setenv("ASSAY_ENDPOINT_OTHER", "other")
    assert "ASSAY_ENDPOINT_TOKEN" not in _environment(())
    assert "ASSAY_ENDPOINT_OTHER" not in _environment(("ASSAY_ENDPOINT_TOKEN",))


def test_redirects_are_not_followed(tmp_path, server, rows):
    path = describe(tmp_path, server.url)
    with pytest.raises(InputError, match=r"sends elsewhere \(307"):
        behave(
            server,
            path,
            rows,
            lambda handler, _: handler.answer(b"", 307, Location="http://example.com/"),
        )
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 405])
def test_a_wrong_address_is_not_a_refusal_of_rows(tmp_path, server, rows, status):
    server.behave = lambda handler, _: handler.answer(b"", status)
    with pytest.raises(InputError, match=rf"has no model there \({status}.*correct the url"):
        load(describe(tmp_path, server.url), "cpu").predict(rows)


def test_nobody_there_is_an_input_error(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        path = describe(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}/")
        with (
            open_model(path) as client,
            pytest.raises(InputError, match=r"nothing answers at http://127"),
        ):
            client.predict(pd.DataFrame({"age": [1.0], "job": ["clerk"]}))


def test_a_server_that_comes_up_a_moment_later_is_asked_again(tmp_path, rows, models):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    path = describe(tmp_path, f"http://127.0.0.1:{port}/")
    started = []

    def start():
        time.sleep(0.2)
        late = Server.__new__(Server)
        ThreadingHTTPServer.__init__(late, ("127.0.0.1", port), Handler)
        late.requests, late.model = [], models["binary"]
        started.append(late)
        late.serve_forever()

    threading.Thread(target=start, daemon=True).start()
    assert load(path, "cpu").predict(rows).shape == (400, 2)
    started[0].shutdown()
    started[0].server_close()


def cut(handler, scores):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"scores": [[0.1')


def reset(handler, scores):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda handler, scores: handler.answer(b"boom", 500), "failed .500"),
        (lambda handler, scores: handler.answer(b"", 204), "failed .204"),
        (cut, "broke off in the middle"),
        (reset, "broke off in the middle"),
        (lambda handler, scores: handler.wfile.write(b"hello\n"), "broke off in the middle"),
        (lambda handler, scores: handler.answer(b"<html>"), "did not answer"),
        (lambda handler, scores: handler.answer(b"[" * 100_000), "more than|did not answer"),
        (lambda handler, scores: handler.answer(json.dumps({"predictions": scores}).encode()), "did not answer"),
        (lambda handler, scores: handler.answer(json.dumps({"scores": scores[:-1]}).encode()), "answered 149 rows for 150"),
        (lambda handler, scores: handler.answer(b'{"scores": 1}'), "did not answer"),
        (lambda handler, scores: handler.answer(json.dumps({"scores": [*scores[:7], [0.5], *scores[8:]]}).encode()), "2 numbers for row 7"),
        (lambda handler, scores: handler.answer(json.dumps({"scores": [*scores[:7], ["0.5", 0.5], *scores[8:]]}).encode()), "2 numbers for row 7"),
        (lambda handler, scores: handler.answer(json.dumps({"scores": [*scores[:7], [True, False], *scores[8:]]}).encode()), "2 numbers for row 7"),
        (lambda handler, scores: handler.answer(json.dumps({"scores": [*scores[:7], [10**400, 0], *scores[8:]]}).encode()), "2 numbers for row 7"),
        (lambda handler, scores: handler.answer(b" " * 10_000_000), "more than"),
    ],
)  # fmt: skip
def test_every_wrong_answer_has_a_clear_end(tmp_path, server, rows, answer, message):
    with pytest.raises(ModelCrashError, match=message) as caught:
        behave(server, describe(tmp_path, server.url), rows, answer)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_an_answer_that_is_no_finite_number_names_its_row(tmp_path, server, rows, value):
    def answer(handler, scores):
        place = 350 - 150 * (len(server.requests) - 1)
        if 0 <= place < len(scores):
            scores[place] = [0.5, value]
        handler.answer(json.dumps({"scores": scores}).encode())

    server.behave = answer
    with (
        open_model(describe(tmp_path, server.url)) as client,
        pytest.raises(ModelCrashError, match="no finite number for 1 rows, the first is row 350"),
    ):
        client.predict(rows)


def test_a_failure_in_the_middle_leaves_the_client_alive(tmp_path, server, rows):
    server.behave = lambda handler, scores: (
        handler.answer(b"", 503)
        if len(server.requests) == 2
        else handler.answer(json.dumps({"scores": scores}).encode())
    )
    with open_model(describe(tmp_path, server.url)) as client:
        with pytest.raises(ModelCrashError, match="503"):
            client.predict(rows)
        assert client.predict(rows).shape == (400, 2)


def drip(handler, given_up):
    handler.send_response(200)
    handler.send_header("Content-Length", "2000")
    handler.end_headers()
    for _ in range(1200):
        if given_up.wait(0.05):
            return
        handler.wfile.write(b" ")


def be_silent(handler, given_up):
    given_up.wait(60)


@pytest.mark.parametrize("hang", [be_silent, drip], ids=["silence", "drip"])
def test_a_hanging_endpoint_ends_at_its_deadline(tmp_path, server, rows, hang):
    """The server goes on until the client has given up; by itself it would end otherwise."""
    given_up = threading.Event()
    path = describe(tmp_path, server.url, timeout_s=0.5)
    with pytest.raises(ModelCrashError, match=r"did not answer within 0.5 s; raise timeout_s"):
        behave(server, path, rows, lambda handler, scores: hang(handler, given_up))
    given_up.set()


def test_encode_says_that_nobody_sees_inside(tmp_path, server, rows):
    with pytest.raises(CheckNotApplicableError, match="behind an endpoint"):
        load(describe(tmp_path, server.url), "cpu").encode(rows)


AUDIT = """
[audit]
name = "Behind an endpoint"
[data]
path = "rows.csv"
target = "outcome"
positive = "yes"
protected = ["sex"]
[model]
path = "model.json"
[explain]
rows = 20
trust_rows = 20
error_rows = 10
effects_rows = 20
permutation_rows = 50
anchors = 0
[recourse]
rows = 3
"""


def test_a_whole_audit_over_it(tmp_path, server, rows, models, monkeypatch):
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET)
    path = describe(tmp_path, server.url, headers_env={"Authorization": "ASSAY_ENDPOINT_TOKEN"})
    generator = np.random.default_rng(2)
    filled = rows.fillna({"age": 40.0})
    table = rows.assign(
        sex=generator.choice(["f", "m"], len(rows)), outcome=models["binary"].predict(filled)
    )
    table.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "audit.toml").write_text(AUDIT, encoding="utf-8")
    bundle = run_audit(tmp_path / "audit.toml", tmp_path / "run")
    assert recompute_problems(bundle) == []
    model = bundle.report.subject.model
    assert model.format == "endpoint"
    import hashlib

    assert model.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    states = {check.code: (str(check.status), check.reason) for check in bundle.report.checks}
    assert not [code for code, (status, _) in states.items() if status == "error"], states
    scores = pd.read_parquet(bundle.evidence_path("predictions.parquet"))["y_score"]
    np.testing.assert_allclose(scores, models["binary"].predict_proba(filled)[:, 1], atol=1e-9)
    assert (bundle.path / "evidence" / "attributions.permutation_shap.parquet").exists()
    for file in bundle.path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
