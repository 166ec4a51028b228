"""Models that do not say what they answer, or call their inputs otherwise, as the settings declare
them: audited through a worker, from the settings to the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xgboost
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import FixedThresholdClassifier
from skops import io as skops_io

from audits.checks.builtin import BUILTIN
from audits.core.errors import InputError
from audits.core.settings.model import ModelSection
from audits.models import open_declared
from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle

ROWS = 300
WEIGHTS = np.array([[1.5], [-1.0]], dtype=np.float32)
CODES = ("performance.groups", "explain.attributions", "recourse.counterfactuals")
FEW = tuple(c for c in BUILTIN if c.code in CODES)


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    draw = np.random.default_rng(2)
    frame = pd.DataFrame({"age": draw.normal(size=ROWS), "debt": draw.normal(size=ROWS)})
    chance = 1 / (1 + np.exp(-(frame.to_numpy() @ WEIGHTS)[:, 0]))
    frame["sex"] = draw.choice(["F", "M"], ROWS)
    frame["repaid"] = np.where(draw.random(ROWS) < chance, "yes", "no")
    frame.to_csv(tmp_path / "d.csv", index=False)
    return frame


def save_net(path: Path, head: str) -> None:
    """Write a linear network with one sigmoid, one logit, two logits or a softmax."""
    weights = WEIGHTS if head in ("sigmoid", "logit") else np.hstack([0 * WEIGHTS, WEIGHTS])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"])]
    if head in ("sigmoid", "softmax"):
        nodes.append(helper.make_node(head.title(), ["z"], ["p"]))
        nodes.append(helper.make_node("Identity", ["p"], ["y"]))
    else:
        nodes.append(helper.make_node("Identity", ["z"], ["y"]))
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, weights.shape[1]])],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 10
    path.write_bytes(model.SerializeToString())


def audit(folder: Path, model: str, extra: str = "", out: str = "run") -> Bundle:
    (folder / "a.toml").write_text(
        f'[audit]\nname = "a"\n[data]\npath = "d.csv"\ntarget = "repaid"\n'
        f'positive = "yes"\nprotected = ["sex"]\n[model]\npath = "{model}"\n{extra}\n'
        "[explain]\nrows = 5\nsampled_rows = 5\n[recourse]\nrows = 5\n"
    )
    return run_audit(folder / "a.toml", folder / out, device="cpu", checks=FEW)


def read_scores(bundle: Bundle) -> pd.DataFrame:
    return pq.read_table(bundle.path / "evidence" / "predictions.parquet").to_pandas()


NAMED = 'features = ["age", "debt"]'
NETS = {
    "sigmoid": ("sigmoid", ""),
    "sigmoid, said": ("sigmoid", 'output = "probability"'),
    "logit": ("logit", 'output = "logit"'),
    "two logits": ("two logits", 'output = "logit"'),
    "softmax": ("softmax", ""),
    "logit, task said": ("logit", 'output = "logit"\ntask = "binary"'),
}


@pytest.mark.parametrize("name", NETS)
def test_networks_are_read_as_declared(tmp_path: Path, rows: pd.DataFrame, name: str) -> None:
    head, extra = NETS[name]
    save_net(tmp_path / "net.onnx", head)
    bundle = audit(tmp_path, "net.onnx", f"{NAMED}\n{extra}")
    expected = 1 / (1 + np.exp(-(rows[["age", "debt"]].to_numpy() @ WEIGHTS)[:, 0]))
    np.testing.assert_allclose(read_scores(bundle)["y_score"], expected, atol=1e-6)
    assert {check.status for check in bundle.report.checks} == {"measured"}
    assert bundle.report.subject.model is not None
    assert bundle.report.subject.model.classes == ("no", "yes")


REFUSED = {
    "a logit, undeclared": ("logit", "", 'output = "probability", "logit"'),
    "a logit as probability": ("logit", 'output = "probability"', 'output = "logit"'),
    "two logits, undeclared": ("two logits", "", r"sum to 1.*output = \"logit\""),
    "two logits as a score": ("two logits", 'output = "score"', "is of one number a row"),
    "two logits as a value": ("two logits", 'output = "value"', "is of one number a row"),
    "a score without a threshold": ("logit", 'output = "score"', "declare threshold"),
    "a value": ("logit", 'output = "value"', "the model is for regression"),
    "a regression by its task": ("sigmoid", 'task = "regression"', "the model is for regression"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_with_the_way_in(
    tmp_path: Path, rows: pd.DataFrame, name: str
) -> None:
    head, extra, words = REFUSED[name]
    save_net(tmp_path / "net.onnx", head)
    with pytest.raises(InputError, match=words) as caught:
        audit(tmp_path, "net.onnx", f"{NAMED}\n{extra}")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_score_counts_by_its_order(tmp_path: Path, rows: pd.DataFrame) -> None:
    save_net(tmp_path / "net.onnx", "logit")
    bundle = audit(tmp_path, "net.onnx", f'{NAMED}\noutput = "score"\nthreshold = 0.8')
    logit = (rows[["age", "debt"]].to_numpy() @ WEIGHTS)[:, 0]
    found = read_scores(bundle)
    np.testing.assert_array_equal(found["y_pred"], logit >= 0.8)
    np.testing.assert_array_equal(np.argsort(found["y_score"]), np.argsort(logit))


def test_a_tree_regression_can_be_read_as_a_probability(tmp_path: Path, rows: pd.DataFrame) -> None:
    """Its own engine would explain another number, so that it is explained by sampling."""
    booster = xgboost.XGBRegressor(n_estimators=5, objective="reg:logistic", n_jobs=1)
    booster.fit(rows[["age", "debt"]], rows["repaid"] == "yes").save_model(tmp_path / "m.ubj")
    bundle = audit(tmp_path, "m.ubj", 'output = "probability"')
    np.testing.assert_allclose(
        read_scores(bundle)["y_score"], booster.predict(rows[["age", "debt"]]), atol=1e-6
    )
    assert {check.status for check in bundle.report.checks} == {"measured"}
    linear = LinearRegression().fit(rows[["age"]], rows["debt"])
    skops_io.dump(linear, tmp_path / "m.skops")
    with pytest.raises(InputError, match=r'declare what it is, \[model\] output = "probability"'):
        audit(tmp_path, "m.skops", out="other")


def test_columns_for_a_model_that_was_fitted_on_arrays(tmp_path: Path, rows: pd.DataFrame) -> None:
    """What follows sees the data's names: explanations, recourse, scores."""
    forest = RandomForestClassifier(10, max_depth=3, random_state=0)
    forest.fit(rows[["age", "debt"]].to_numpy(), rows["repaid"].to_numpy())
    skops_io.dump(forest, tmp_path / "m.skops")
    with pytest.raises(InputError, match=r"'f0', 'f1'; where they are other names.*features = "):
        audit(tmp_path, "m.skops")
    expected = forest.predict_proba(rows[["age", "debt"]].to_numpy())[:, 1]
    for number, named in enumerate((NAMED, 'features = { f0 = "age", f1 = "debt" }')):
        bundle = audit(tmp_path, "m.skops", named, out=f"run{number}")
        np.testing.assert_array_equal(read_scores(bundle)["y_score"], expected)
        explained = pq.read_table(bundle.path / "evidence" / "attributions.tree_shap.parquet")
        assert {"age", "debt"} <= set(explained.column_names)
        ways = pq.read_table(bundle.path / "evidence" / "counterfactuals.parquet")
        assert {"age", "debt"} <= set(ways.column_names)
        assert ways.num_rows > 0


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (("age",), "names 1 columns, the model takes 2: 'f0', 'f1'"),
        ({"f7": "age"}, "the model has no input 'f7'; it has 'f0', 'f1'"),
        ({"f0": "f1"}, "column 'f1' would be two of the model's inputs"),
    ],
)
def test_names_that_do_not_fit_are_refused(
    tmp_path: Path, rows: pd.DataFrame, features: object, words: str
) -> None:
    forest = RandomForestClassifier(2).fit(rows[["age", "debt"]].to_numpy(), rows["repaid"])
    skops_io.dump(forest, tmp_path / "m.skops")
    section = ModelSection(path="m.skops", features=features)
    with pytest.raises(InputError, match=words):
        open_declared(section, tmp_path)


def test_messages_of_the_model_speak_of_the_datas_columns(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    forest = RandomForestClassifier(2).fit(rows[["age", "debt"]].to_numpy(), rows["repaid"])
    skops_io.dump(forest, tmp_path / "m.skops")
    with (
        open_declared(ModelSection(path="m.skops", features=("age", "debt")), tmp_path) as client,
        pytest.raises(InputError, match="column 'age' holds the text 'old'"),
    ):
        client.predict(rows.assign(age="old"))


def test_a_rule_of_the_models_own_reaches_the_report(tmp_path: Path, rows: pd.DataFrame) -> None:
    inner = RandomForestClassifier(20, max_depth=3, random_state=0)
    model = FixedThresholdClassifier(inner, threshold=0.7, pos_label="yes")
    model.fit(rows[["age", "debt"]], rows["repaid"])
    skops_io.dump(model, tmp_path / "m.skops")
    bundle = audit(tmp_path, "m.skops")
    own = model.predict(rows[["age", "debt"]]) == "yes"
    np.testing.assert_array_equal(read_scores(bundle)["y_pred"], own)
    assert bundle.report.spec.effective["model"]["threshold"] == 0.7
    assert "threshold" not in bundle.report.spec.explicit["model"]
    assert "model.threshold" in [n.code for n in bundle.report.notices]
    assert bundle.load_cube().threshold == 0.7


def test_only_a_model_that_decides_is_asked_to(tmp_path: Path, rows: pd.DataFrame) -> None:
    booster = xgboost.XGBClassifier(n_estimators=3, n_jobs=1)
    booster.fit(rows[["age", "debt"]], rows["repaid"] == "yes").save_model(tmp_path / "m.ubj")
    with pytest.raises(InputError, match="the file holds no rule"):
        audit(tmp_path, "m.ubj", 'threshold = "model"')


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('threshold = "own"', 'give a number, or "model"'),
        ("threshold = 1.5", "threshold must be from 0 to 1"),
        ("threshold = true", 'give a number, or "model"'),
        ('output = "logits"', "'probability', 'logit', 'score' or 'value'"),
        ('classes = ["yes", "yes"]', "classes names one class twice"),
        ('features = "age"', "give the data's columns in the order"),
        ('features = ["age", "age"]', "features names one column twice"),
        ('output = "value"\ntask = "binary"', 'output = "value" does not fit task = "binary"'),
    ],
)
def test_settings_that_cannot_be_are_one_line(
    tmp_path: Path, rows: pd.DataFrame, line: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        audit(tmp_path, "none.skops", line)
    assert "\n" not in str(caught.value)
