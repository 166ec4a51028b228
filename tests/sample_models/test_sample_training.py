"""The training scripts, on small data: what they write opens with the native libraries, and
predicts what the trained object predicts."""

import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits

from sample_models.credit import train as credit
from sample_models.hiring import train as hiring
from sample_models.income import network as income_network, train as income
from sample_models.income.generate import generate as generate_people

TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""What skops does not trust by itself in a histogram boosting pipeline."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Small work waits for busy cores when it is spread over all of them."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def credit_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("credit")
    credit.run_training(folder, train_rows=6_000, test_rows=4_000)
    return folder


@pytest.fixture(scope="module")
def income_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("income")
    income.run_training(folder, train_rows=6_000, test_rows=4_000)
    return folder


def read_table(path):
    """Read a sample's CSV as a reader would who knows that "?" and empty mean missing."""
    return pd.read_csv(path, keep_default_na=False, na_values=["", "?"], encoding="utf-8")


@pytest.fixture(scope="module")
def opened_credit(credit_folder):
    path = credit_folder / credit.MODEL_FILE
    assert skops.io.get_untrusted_types(file=path) == TRUSTED
    return skops.io.load(path, trusted=TRUSTED)


def test_credit_model_opens_and_finds_the_planted_proxy(credit_folder, opened_credit):
    test = read_table(credit_folder / "data/test.csv")
    approved = opened_credit.predict(test) == "yes"
    rates = pd.Series(approved).groupby(test["ethnicity"]).mean()
    assert rates["Group B"] / rates["Group A"] < 0.8
    by_sex = pd.Series(approved).groupby(test["sex"]).mean()
    assert by_sex["Female"] / by_sex["Male"] == pytest.approx(1.0, abs=0.06)


def test_credit_model_never_sees_sex_or_ethnicity(opened_credit):
    seen = set(opened_credit.feature_names_in_)
    assert seen == {*credit.CATEGORICAL, *credit.NUMERIC}
    assert not seen & {"sex", "ethnicity", "application", "repaid"}


def test_credit_model_takes_every_kind_of_missing_and_unseen_text_alike(
    credit_folder, opened_credit
):
    rows = read_table(credit_folder / "data/test.csv").head(50)
    scores = [
        opened_credit.predict_proba(rows.assign(savings=pd.Series([value] * 50, dtype=object)))
        for value in ("?", None, np.nan, "a sock")
    ]
    for other in scores[1:]:
        np.testing.assert_array_equal(scores[0], other)


def test_credit_training_repeats_itself(credit_folder, opened_credit, tmp_path):
    credit.run_training(tmp_path, train_rows=6_000, test_rows=4_000)
    for name in ("train", "test"):
        file = f"data/{name}.csv"
        assert (tmp_path / file).read_bytes() == (credit_folder / file).read_bytes()
    again = skops.io.load(tmp_path / credit.MODEL_FILE, trusted=TRUSTED)
    test = read_table(tmp_path / "data/test.csv")
    np.testing.assert_array_equal(again.predict_proba(test), opened_credit.predict_proba(test))


def test_credit_model_of_the_twin_treats_groups_alike(tmp_path):
    credit.run_training(tmp_path, train_rows=6_000, test_rows=4_000, biased=False)
    model = skops.io.load(tmp_path / credit.MODEL_FILE, trusted=TRUSTED)
    test = read_table(tmp_path / "data/test.csv")
    rates = pd.Series(model.predict(test) == "yes").groupby(test["ethnicity"]).mean()
    assert rates["Group B"] / rates["Group A"] == pytest.approx(1.0, abs=0.06)


def test_hiring_writes_decisions_whole(tmp_path):
    sentence = hiring.run_training(tmp_path, test_rows=600)
    frame = read_table(tmp_path / "data/decisions.csv")
    assert len(frame) == 600
    assert set(frame["hired"]) == set(frame["suitable"]) == {"no", "yes"}
    assert frame["race"].isna().any()
    assert "600" in sentence


def compute_logits(folder, frame):
    """The contract `assay.torch/1` followed by hand, in numpy, from the two files alone."""
    declared = json.loads((folder / income.MODEL_FILE).read_text(encoding="utf-8"))
    tensors = load_file(folder / "model" / declared["weights"])
    parts = []
    for column in declared["numeric"]:
        values = pd.to_numeric(frame[column["name"]]).fillna(column["fill"]).to_numpy()
        parts.append(((values - column["mean"]) / column["std"])[:, None])
    for index, column in enumerate(declared["categorical"]):
        rows = {text: number + 1 for number, text in enumerate(column["categories"])}
        table = tensors[f"embeddings.{index}.weight"]
        assert table.shape == (len(column["categories"]) + 1, column["dim"])
        parts.append(table[[rows.get(str(value), 0) for value in frame[column["name"]]]])
    signal = np.concatenate(parts, axis=1)
    for index in range(len(declared["hidden"]) + 1):
        signal = np.maximum(signal, 0) if index else signal
        signal = signal @ tensors[f"layers.{index}.weight"].T + tensors[f"layers.{index}.bias"]
    return signal[:, 0]


def test_income_file_keeps_the_contract(income_folder):
    declared = json.loads((income_folder / income.MODEL_FILE).read_text(encoding="utf-8"))
    assert set(declared) == {
        "schema", "architecture", "weights", "task", "classes",
        "features", "numeric", "categorical", "hidden",
    }  # fmt: skip
    assert declared["schema"] == "assay.torch/1"
    assert (declared["architecture"], declared["task"]) == ("tabular", "binary")
    assert declared["classes"] == ["<=50K", ">50K"]
    named = [column["name"] for column in (*declared["numeric"], *declared["categorical"])]
    assert sorted(declared["features"]) == sorted(named)
    assert all(set(column) == {"name", "mean", "std", "fill"} for column in declared["numeric"])
    assert all(set(column) == {"name", "categories", "dim"} for column in declared["categorical"])
    tensors = load_file(income_folder / "model" / declared["weights"])
    assert all(tensor.dtype == np.float32 for tensor in tensors.values())
    width = len(declared["numeric"]) + sum(column["dim"] for column in declared["categorical"])
    shapes = [tensors[f"layers.{i}.weight"].shape for i in range(len(declared["hidden"]) + 1)]
    assert shapes == list(zip([*declared["hidden"], 1], [width, *declared["hidden"]], strict=True))
    assert len(tensors) == len(declared["categorical"]) + 2 * len(shapes)


def test_income_file_says_what_the_trained_network_says(income_folder):
    train = generate_people(6_000, 0)
    network, columns = income.train_network(train)
    test = read_table(income_folder / "data/test.csv")
    strange = test.head(3).assign(
        education=["nowhere taught", None, "?"], hours_per_week=[np.nan, 0.0, 80.0]
    )
    for frame in (test, strange):
        by_hand = 1 / (1 + np.exp(-compute_logits(income_folder, frame)))
        np.testing.assert_allclose(
            by_hand, income.predict(network, columns, frame), rtol=1e-4, atol=1e-6
        )


def test_income_training_repeats_itself(income_folder, tmp_path):
    income.run_training(tmp_path, train_rows=6_000, test_rows=4_000)
    for file in ("data/test.csv", "model/income.json", "model/income.safetensors"):
        assert (tmp_path / file).read_bytes() == (income_folder / file).read_bytes()


def test_income_network_learns_the_planted_effect_and_its_twin_does_not(income_folder, tmp_path):
    income.run_training(tmp_path, train_rows=6_000, test_rows=4_000, biased=False)
    ratios = {}
    for name, folder in (("biased", income_folder), ("twin", tmp_path)):
        test = read_table(folder / "data/test.csv")
        means = (
            pd.Series(1 / (1 + np.exp(-compute_logits(folder, test)))).groupby(test["sex"]).mean()
        )
        ratios[name] = means["Female"] / means["Male"]
    assert ratios["biased"] < 0.7
    assert ratios["twin"] == pytest.approx(1.0, abs=0.1)


def test_income_constant_column_does_not_divide_by_zero():
    frame = pd.DataFrame({"n": [3.0, 3.0, np.nan], "c": ["a", None, "b"]})
    columns = income_network.measure_columns(frame, ["n"], {"c": ["a", "b"]})
    numbers, codes = income_network.encode(frame, columns)
    assert numbers[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert codes[:, 0].tolist() == [1, 0, 2]
