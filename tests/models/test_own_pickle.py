"""A pickle of one's own that does not open, or holds nothing that a file can: one line, one way."""

import pickle
import sys
import types
import warnings

import joblib
import pytest
import sklearn.base
from sklearn.linear_model import LogisticRegression
from xgboost import XGBRanker

from audits.core.errors import InputError
from audits.models.conversion.own_pickle import open_pickle
from audits.models.convert import convert_model


@pytest.fixture
def rows(frame):
    return frame[["grade"]]


@pytest.fixture
def fitted(rows, targets):
    return LogisticRegression().fit(rows, targets["binary"])


def save(model, folder):
    path = folder / "model.joblib"
    joblib.dump(model, path)
    return path


def refusal(path):
    with pytest.raises(InputError) as caught:
        open_pickle(path)
    text = str(caught.value)
    assert "\n" not in text
    assert "assay host" in text or "save" in text
    return text


def save_from_module(folder, name, code, expression):
    """Pickle something of a module that is gone when the file is opened."""
    module = types.ModuleType(name)
    exec(code, module.__dict__)
    sys.modules[name] = module
    try:
        return save(eval(expression, module.__dict__), folder)
    finally:
        del sys.modules[name]


class Results:
    """Stands where statsmodels' results do: it predicts, and is no estimator of scikit-learn's."""

    def predict(self, rows):
        return rows


def test_a_module_that_is_not_here_is_named(tmp_path):
    path = save_from_module(tmp_path, "house_models", "class M:\n  predict = None", "M()")
    assert "needs the module 'house_models', which is not installed here" in refusal(path)


def test_a_class_of_the_training_script_is_the_persons_own(tmp_path, monkeypatch):
    main = types.ModuleType("__main__")
    exec("class Net:\n  predict = None", main.__dict__)
    main.Net.__module__ = "__main__"
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "__main__", main)
        path = save(main.Net(), tmp_path)
    text = refusal(path)
    assert "'Net', a function or class of the script that trained it" in text
    assert "damaged" not in text


def test_a_model_of_another_library_is_sent_to_the_host(tmp_path):
    text = refusal(save(Results(), tmp_path))
    assert "holds a Results of the library tests" in text


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
def test_a_file_that_is_cut_short_says_so(tmp_path, fitted, share):
    path = save(fitted, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "cannot be opened" in refusal(path)


def test_what_ranks_is_no_classifier(tmp_path, rows, targets):
    model = XGBRanker(n_estimators=2).fit(rows, targets["binary"], qid=[0] * len(rows))
    assert "XGBRanker, whose output is neither a probability nor a target" in refusal(
        save(model, tmp_path)
    )


def test_other_versions_are_both_named(tmp_path, fitted, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sklearn.base, "__version__", "1.2.2")
        path = save(fitted, tmp_path)
    opened = open_pickle(path)
    assert opened.warning.startswith("scikit-learn 1.2.2 saved it, ")
    assert sklearn.__version__ in opened.warning
    proof = convert_model(path, tmp_path / "model.skops")
    assert proof.warning == opened.warning


def test_another_version_that_does_not_run_names_a_recipe(tmp_path, fitted, monkeypatch):
    """As where an attribute was renamed between the two."""
    del fitted.coef_
    with monkeypatch.context() as patched:
        patched.setattr(sklearn.base, "__version__", "1.2.2")
        path = save(fitted, tmp_path)
    with pytest.raises(InputError) as caught:
        convert_model(path, tmp_path / "model.skops")
    text = str(caught.value)
    assert "scikit-learn 1.2.2 saved it" in text
    assert "pip install 'scikit-learn==1.2.2'" in text
    assert "assay host" in text
    assert [item.name for item in tmp_path.iterdir()] == ["model.joblib"]


def test_the_same_version_says_nothing(tmp_path, fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_pickle(save(fitted, tmp_path)).warning == ""


def test_plain_pickles_open_too(tmp_path, fitted):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(fitted))
    assert type(open_pickle(path).model).__name__ == "LogisticRegression"
