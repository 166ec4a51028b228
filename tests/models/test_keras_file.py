"""Keras files become ONNX, without a run of the code that they may carry."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import InputError
from audits.models.conversion.keras_file import use_torch
from audits.models.convert import convert_model

use_torch()
keras = pytest.importorskip("keras")

NAMES = ["age", "income", "debt"]


def save(path, *layers, width=3):
    keras.utils.set_random_seed(0)
    keras.Sequential([keras.Input((width,)), *layers]).save(path)
    return path


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    numbers = np.random.default_rng(0).normal(size=(50, 3))
    pd.DataFrame(numbers, columns=NAMES).to_csv(path, index=False)
    return path


def test_the_command_needs_no_consent_and_names_the_columns(tmp_path, rows):
    net = save(tmp_path / "net.keras", keras.layers.Dense(1, activation="sigmoid"))
    done = CliRunner().invoke(app, ["convert", str(net), "--data", str(rows)])
    assert done.exit_code == 0, done.output
    assert "On 50 rows (rows.csv) its predictions differ" in " ".join(done.stderr.split())
    assert "in this order: age, income, debt" in " ".join(done.stderr.split())
    import onnx

    kept = {item.key: item.value for item in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert kept["assay.features"] == '["age", "income", "debt"]'


def test_without_data_the_proof_is_on_random_rows(tmp_path):
    net = save(tmp_path / "net.keras", keras.layers.Dense(3, activation="softmax"))
    proof = convert_model(net, tmp_path / "net.onnx")
    assert (proof.rows, proof.rows_from) == (1000, "1,000 random rows")
    assert proof.max_difference < 1e-6


def test_code_in_the_file_does_not_run(tmp_path, rows):
    marker = tmp_path / "ran"
    code = keras.layers.Lambda(eval(f"lambda x: (open({str(marker)!r}, 'w'), x)[1]"))
    net = save(tmp_path / "net.keras", code, keras.layers.Dense(1))
    marker.unlink(missing_ok=True)
    with pytest.raises(InputError, match=r"does not open without code.*assay host net\.keras"):
        convert_model(net, tmp_path / "net.onnx", rows)
    assert not marker.exists()
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize(
    ("make", "target", "words"),
    [
        (lambda p: save(p, keras.layers.Dense(1)), "net.skops", r"is written as \.onnx"),
        (lambda p: save(p, keras.layers.Dense(1), width=5), "net.onnx",
         "takes 5 columns and its file does not say which, and the data has 3"),
        (lambda p: p.write_bytes(b"nothing"), "net.onnx", r"does not open.*assay host"),
        (lambda p: None, "net.onnx", "no model file"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_says_why(tmp_path, rows, make, target, words):
    make(tmp_path / "net.keras")
    with pytest.raises(InputError, match=words) as caught:
        convert_model(tmp_path / "net.keras", tmp_path / target, rows)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / target).exists()


def test_inputs_that_are_no_columns_are_told(tmp_path, rows):
    keras.Sequential([keras.Input((4, 2)), keras.layers.Flatten(), keras.layers.Dense(1)]).save(
        tmp_path / "net.keras"
    )
    with pytest.raises(InputError, match="only networks that take one column an input"):
        convert_model(tmp_path / "net.keras", tmp_path / "net.onnx", rows)
