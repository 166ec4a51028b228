import os

import lightgbm
import numpy as np
import pandas as pd
import pytest

from audits.core.errors import CheckNotApplicableError, InputError, ModelCrashError
from audits.models import open_model
from audits.models.worker import client as client_module

SERVICES = ("tests.models.misbehaving",)


@pytest.fixture(scope="module")
def booster(categorical, targets):
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    return lightgbm.train(options, lightgbm.Dataset(categorical, targets["binary"]), 4)


@pytest.fixture(scope="module")
def path(tmp_path_factory, booster):
    file = tmp_path_factory.mktemp("client") / "a model é.txt"
    booster.save_model(file)
    return file


@pytest.fixture(scope="module")
def shared(path):
    with open_model(path, services=SERVICES) as opened:
        yield opened


def test_predictions_cross_the_wire_unchanged(shared, frame, categorical, booster, monkeypatch):
    monkeypatch.setattr(client_module, "BATCH_ROWS", 77)
    shuffled = frame[frame.columns[::-1]].assign(extra=[object()] * len(frame))
    expected = booster.predict(categorical)
    np.testing.assert_array_equal(
        shared.predict(shuffled), np.column_stack([1 - expected, expected])
    )
    assert shared.predict(frame.head(0)).shape == (0, 2)
    np.testing.assert_array_equal(shared.predict(frame.iloc[[5]])[:, 1], expected[[5]])


def test_missing_column_is_named_with_what_was_meant(shared, frame):
    with pytest.raises(InputError, match=r"lacks 1 column .*'job'; did you mean 'jobs'\?"):
        shared.predict(frame.rename(columns={"job": "jobs"}))


def test_text_in_a_number_is_an_input_error_across_the_wire(shared, frame):
    with pytest.raises(InputError, match="'age' holds the text 'old'"):
        shared.predict(frame.assign(age="old"))


def test_mixed_types_travel_as_text(shared, frame):
    mixed = frame.assign(job=[1, "nurse", None] * (len(frame) // 3))
    plain = frame.assign(job=[None, "nurse", None] * (len(frame) // 3))
    np.testing.assert_array_equal(shared.predict(mixed), shared.predict(plain))


def test_frames_keep_their_types(shared, frame):
    sent = frame.assign(
        kind=pd.Categorical(["b", None, "a"] * 100, categories=["b", "a", "c"], ordered=True),
        count=pd.array([1, None, 3] * 100, dtype="Int64"),
        text=pd.Series(["x", None, "é"] * 100, dtype=object),
    )
    table, details = shared.call("frame", sent)
    # Texts arrive as pandas' own text type, whose missing value is NaN.
    expected = sent.astype({"text": "str"})
    assert details["dtypes"] == [str(kind) for kind in expected.dtypes]
    pd.testing.assert_frame_equal(table.to_pandas(), expected)


def test_what_a_library_prints_does_not_reach_the_wire(shared, frame):
    table, details = shared.call("chatter", frame, {"deep": [1, {"é": None}]})
    assert details == {"echo": {"deep": [1, {"é": None}]}}
    assert table["sum"].to_pylist() == [frame["age"].sum()]


def test_errors_keep_their_kind_and_message(shared, frame):
    with pytest.raises(InputError, match=r"^the column 'x' is wrong$"):
        shared.call("input_error", frame)
    with pytest.raises(CheckNotApplicableError, match=r"^no trees here$"):
        shared.call("not_applicable", frame)
    with pytest.raises(ModelCrashError, match="RuntimeError: first line second line") as caught:
        shared.call("bug", frame)
    assert len(str(caught.value)) < 600
    with pytest.raises(InputError, match="no service 'absent'"):
        shared.call("absent", frame)
    assert shared.alive


def test_the_worker_has_no_secrets_and_writes_nothing(shared, frame, tmp_path):
    _, seen = shared.call("surroundings", frame, {"path": str(tmp_path / "written")})
    assert not {"HOME", "USER", "PYTEST_CURRENT_TEST"} & set(seen["environment"])
    assert not seen["written"]
    assert seen["group"]
    assert seen["files"] < 20


@pytest.mark.parametrize(
    ("handler", "words"),
    [("abort", "SIGABRT"), ("leave", "exit code 0"), ("hang", "did not answer within")],
)
def test_a_worker_that_dies_is_a_message(path, frame, handler, words):
    opened = open_model(path, services=SERVICES, timeout_s=2.0 if handler == "hang" else 60.0)
    process = opened._process.pid
    with pytest.raises(ModelCrashError, match=words):
        opened.call(handler, frame)
    assert not opened.alive
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(ModelCrashError, match="open the model again"):
        opened.predict(frame)
    opened.close()


def test_a_file_that_kills_the_library_is_bad_input(path, monkeypatch):
    def die(self, request, table, timeout_s):
        os.killpg(self._process.pid, 11)
        return exchange(self, request, table, timeout_s)

    exchange = client_module.ModelClient._exchange
    monkeypatch.setattr(client_module.ModelClient, "_exchange", die)
    with pytest.raises(InputError, match=r"died while opening .*SIGSEGV"):
        open_model(path)


def test_unknown_device_and_absent_file(path):
    with pytest.raises(InputError, match="use cpu, cuda, mps or auto"):
        open_model(path, device="tpu")
    with pytest.raises(InputError, match=r"did you mean 'a model é\.txt'"):
        open_model(path.with_name("a model e.txt"))
