"""The text of the script: whatever the names are, it is the same program, and an old one too."""

import ast
import subprocess
import sys

import joblib
import pytest
import torch
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import InputError
from audits.models.host import KINDS, Declared, HostSettings, find_kind, render_script

OWN = {"joblib": "joblib", "mlflow": "mlflow", "keras": "keras", "torch": "torch", "h2o": "h2o",
       "statsmodels": "statsmodels", "python": "importlib"}  # fmt: skip
names = st.text(max_size=30)


def shape(text):
    """The program without its literals' values."""
    tree = ast.parse(text, feature_version=(3, 8))
    for node in ast.walk(tree):
        for field in ("elts", "keys", "values"):
            if isinstance(node, (ast.List, ast.Dict)) and hasattr(node, field):
                setattr(node, field, [])
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


@pytest.mark.parametrize("kind", KINDS)
def test_it_needs_the_standard_library_and_what_the_model_needs(kind, tmp_path):
    tree = ast.parse(render_script(HostSettings(kind, "model"), tmp_path), feature_version=(3, 8))
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    found = {name for node in nodes for name in
             ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])}  # fmt: skip
    roots = {name.split(".")[0] for name in found}
    beyond = roots - set(sys.stdlib_module_names) - {"numpy", "pandas", OWN[kind]}
    assert beyond <= {"sklearn"}, "only to ask whether a model is a regressor"
    assert "audits" not in roots
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {"load", "describe", "predict", "decide", "main"} <= defined


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(
    model=names, classes=st.lists(names), features=st.lists(names), columns=st.lists(names),
)  # fmt: skip
def test_no_name_becomes_code(kind, tmp_path_factory, model, classes, features, columns):
    plain = render_script(
        HostSettings(kind, "m", declared=Declared(None, ("a",), ("b",))),
        tmp_path_factory.getbasetemp(),
    )
    chosen = Declared(
        None,
        tuple(filter(None, dict.fromkeys(classes))),
        tuple(filter(None, dict.fromkeys(features))),
    )
    kinds = dict.fromkeys(columns, "text")
    text = render_script(
        HostSettings(kind, model, declared=chosen, kinds=kinds), tmp_path_factory.getbasetemp()
    )
    assert shape(text) == shape(plain)
    values = {
        node.targets[0].id: node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert values["FILE"].right.value == model
    assert ast.literal_eval(values["CLASSES"]) == list(chosen.classes)
    assert ast.literal_eval(values["FEATURES"]) == list(chosen.features)
    assert ast.literal_eval(values["KINDS"]) == kinds


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_formatted_like_the_rest(kind, tmp_path):
    """Ruff finds no unused name, no line too long, nothing undefined."""
    text = render_script(HostSettings(kind, "model"), tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "100",
         "--select", "E,F,W,B", "--ignore", "B904", "--stdin-filename", "host.py", "-"],
        input=text, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "kind"),
    [("m.joblib", "joblib"), ("m.PKL", "joblib"), ("m.keras", "keras"), ("m.h5", "keras"),
     ("m.pt", "torch"), ("m.py", "python")],
)  # fmt: skip
def test_the_kind_that_a_name_shows(tmp_path, name, kind):
    (tmp_path / name).write_bytes(b"")
    assert find_kind(tmp_path / name) == kind


def test_an_mlflow_folder_is_known_and_others_are_asked(tmp_path):
    with pytest.raises(InputError, match=r"add --kind with one of 'joblib', 'mlflow'"):
        find_kind(tmp_path)
    (tmp_path / "MLmodel").write_text("")
    assert find_kind(tmp_path) == "mlflow"


@pytest.mark.filterwarnings("ignore")
def test_each_kind_of_torch_file_is_loaded_its_own_way(tmp_path):
    module = torch.nn.Linear(2, 1)
    torch.save(module, tmp_path / "whole.pt")
    torch.jit.script(module).save(tmp_path / "program.pt")
    torch.export.save(torch.export.export(module, (torch.zeros(1, 2),)), tmp_path / "ex.pt2")
    loads = {
        "whole.pt": "torch.load(",
        "program.pt": "torch.jit.load(",
        "ex.pt2": "torch.export.load(",
    }
    for name, load in loads.items():
        text = render_script(HostSettings("torch", name), tmp_path / name)
        assert [word for word in loads.values() if word in text] == [load]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["absent.joblib"], r"no model file 'absent.joblib'; did you mean 'm.joblib'\?"),
        (["m.joblib", "--kind", "pickle"], "--kind 'pickle' is unknown; use one of 'joblib'"),
        (["m.joblib", "--task", "ranking"], "--task 'ranking' is unknown"),
        (["m.joblib", "--task", "regression", "--output", "logit"], "'logit' is unknown for the task regression; use one of 'value'"),
        (["m.joblib", "--classes", "no,no"], "names one twice"),
        (["m.joblib", "--features", "age,,job"], "an empty name"),
        (["m.joblib", "--data", "d.csv", "--features", "agee"], "has no column 'agee'; did you mean 'age'"),
        (["m.joblib", "--data", "none.csv"], "none.csv"),
        (["m.joblib", "--out", "d.csv"], "must end in .py"),
        (["m.joblib", "--out", "taken.py"], "exists already"),
        (["m.joblib", "--out", "no/folder/host.py"], "cannot write"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    joblib.dump({}, "m.joblib")
    (tmp_path / "d.csv").write_text("age,job\n1,a\n")
    (tmp_path / "taken.py").write_text("")
    before = sorted(tmp_path.iterdir())
    done = CliRunner().invoke(app, ["host", *options])
    assert isinstance(done.exception, InputError)
    with pytest.raises(InputError, match=words):
        raise done.exception
    assert "\n" not in str(done.exception)
    assert sorted(tmp_path.iterdir()) == before
