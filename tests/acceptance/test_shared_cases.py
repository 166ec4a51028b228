"""The inputs in `../shared/cases` that were once read wrongly: right, or refused with the way."""

from __future__ import annotations

import io
import json
import runpy
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import InputError
from audits.core.report.report import AuditReport
from tests.near import near_models

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is absent")


def assay(*arguments: object) -> str:
    """Run a command that must end well or refuse its input; return "" or the refusal's line."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(done.exception, InputError):
        told = str(done.exception)
        assert "\n" not in told and "Traceback" not in told
        return told
    assert done.exit_code == 0, (done.exit_code, done.exception, done.output)
    return ""


def run(folder: Path) -> AuditReport | str:
    """Audit a folder's audit.toml; return the report, or the line that refused it."""
    told = assay("run", folder / "audit.toml", "--out", folder / "run", "--fail-on", "never")
    return told or AuditReport.from_json((folder / "run" / "report.json").read_text())


def value(report: AuditReport, metric: str, group: str | None = None) -> float:
    item = next(iter(report.find(metric, group=group)))
    assert item.estimate is not None
    return item.estimate.value


def groups(report: AuditReport) -> set[str]:
    return {item.group for item in report.find("count") if item.group is not None}


def refuses(*words: str) -> Callable[[AuditReport | str], None]:
    """Refused, with all of these words in the line."""

    def check(found: AuditReport | str) -> None:
        assert isinstance(found, str), "was audited"
        assert all(word in found for word in words), found

    return check


def measures(metric: str, right: float, n: int) -> Callable[[AuditReport | str], None]:
    """Measured rightly, over so many rows."""

    def check(found: AuditReport | str) -> None:
        assert isinstance(found, AuditReport), found
        item = next(iter(found.find(metric, group=None)))
        assert item.estimate is not None
        assert (item.estimate.n, round(item.estimate.value, 4)) == (n, right)

    return check


def has_groups(*names: str) -> Callable[[AuditReport | str], None]:
    def check(found: AuditReport | str) -> None:
        assert isinstance(found, AuditReport), found
        assert groups(found) == set(names)

    return check


def tells(*words: str) -> Callable[[AuditReport | str], None]:
    """Audited, with a notice that holds these words."""

    def check(found: AuditReport | str) -> None:
        assert isinstance(found, AuditReport), found
        texts = [notice.text for notice in found.notices]
        assert any(all(word in text for word in words) for text in texts), texts

    return check


DATA = {
    "04_latin1": refuses("latin-1"),
    "10_ragged_long_row5": refuses("line 6"),
    "30_target_trailing_space": refuses("'Yes '", "'No '"),
    "33_target_unknown": refuses("Unknown", "59"),
    "34b_target_nan_text": measures("prevalence", 0.5434, 541),
    "36b_target_9_missingcode": refuses("'9'"),
    "37_positive_No_label_1_is_recid": refuses("pred", "'0'", "'1'"),
    "39h_label_third_value": refuses("Refer"),
    "40d_codes_version": has_groups("1.1", "1.10", "1.2"),
    "43_group_whitespace_case": tells("'Female'", "'Female '", "'female'"),
    "63_parquet_float_NaN_target": measures("prevalence", 0.5394, 545),
}


@pytest.mark.parametrize("name", DATA)
def test_data(name: str, tmp_path: Path) -> None:
    shutil.copytree(CASES / "data" / name, tmp_path / "case")
    DATA[name](run(tmp_path / "case"))


def test_a_column_may_be_called_count(tmp_path: Path) -> None:
    shutil.copytree(CASES / "data" / "50_name_collision_count", tmp_path / "case")
    found = run(tmp_path / "case")
    assert isinstance(found, AuditReport), found
    rows = pd.read_csv(tmp_path / "case" / "data.csv")
    assert groups(found) == set(rows["count"].astype(str))


def test_codes_of_missing_numbers_in_parquet_are_missing(tmp_path: Path) -> None:
    shutil.copytree(CASES / "data" / "71b_missing_number_parquet", tmp_path / "case")
    found = run(tmp_path / "case")
    assert isinstance(found, AuditReport), found
    assert "-9" not in groups(found) and "(missing)" in groups(found)


def test_long_ids_stay_distinct(tmp_path: Path) -> None:
    shutil.copytree(CASES / "data" / "41_id_20_digits", tmp_path / "case")
    found = run(tmp_path / "case")
    assert isinstance(found, AuditReport), found
    written = pd.read_parquet(tmp_path / "case" / "run" / "evidence" / "predictions.parquet")
    given = pd.read_csv(tmp_path / "case" / "data.csv", dtype=str)
    assert written["row"].tolist() == given["pid"].tolist()


@pytest.mark.parametrize(
    ("path", "right"),
    [("csvs/*.csv", True), ("part/*.parquet", True), ("mix/*.parquet", False),
     ("hive/**/*.parquet", True)],
)  # fmt: skip
def test_folders(path: str, right: bool, tmp_path: Path) -> None:
    shutil.copytree(CASES / "data" / "72_folder", tmp_path / "case")
    settings = tmp_path / "case" / "audit.toml"
    settings.write_text(settings.read_text().replace("csvs/*.csv", path))
    found = run(tmp_path / "case")
    if right:
        assert isinstance(found, AuditReport), found
        assert {"Female", "Male"} <= groups(found)
    else:
        assert isinstance(found, str)
        assert ".parquet" in found


def test_a_model_that_numbers_its_classes(tmp_path: Path) -> None:
    """Class 0 is "No", or it is asked for; never class 1."""
    shutil.copytree(CASES / "data" / "37c_model_0_1_positive_No", tmp_path / "case")
    found = run(tmp_path / "case")
    if isinstance(found, str):
        assert "classes" in found
    else:
        assert found.subject.model is not None
        assert found.subject.model.classes == ("No", "Yes")


def train(name: str, folder: Path) -> str:
    """Run one case's script, as its author would; return what it prints."""
    script, told = CASES / "models" / f"{name}.py", io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told):
        patch.setattr(sys, "argv", [str(script), str(folder)])
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.syspath_prepend(str(script.parent))
        runpy.run_path(str(script), run_name="__main__")
    return told.getvalue()


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], dict[str, object]]:
    """Train and save one case's model, once; return what is known of it."""
    kept = tmp_path_factory.mktemp("trained")

    def copy(name: str, folder: Path) -> dict[str, object]:
        if not (kept / name).exists():
            (kept / name).mkdir()
            train(name, kept / name)
        shutil.copytree(kept / name, folder)
        case: dict[str, object] = json.loads((folder / "case.json").read_text())
        return case

    return copy


@pytest.fixture(autouse=True, scope="module")
def _near() -> Iterator[None]:
    """`convert` proves each model in a process of its own; audits need not start one more."""
    with near_models():
        yield


def write_settings(
    folder: Path, case: dict[str, object], model: str, extra: str = "", data: str = ""
) -> None:
    (folder / "audit.toml").write_text(
        f'[audit]\nname = "case"\n[data]\npath = "test.csv"\nreference = "train.csv"\n'
        f'target = "{case["target"]}"\npositive = "{case["positive"]}"\n'
        f'protected = {json.dumps(case["protected"])}\n{data}[model]\npath = "{model}"\n{extra}'
        "[explain]\nrows = 40\nerror_rows = 0\neffects_rows = 0\npermutation_rows = 0\n"
        "anchors = 0\ntrust_rows = 0\n[recourse]\nrows = 40\n",
        encoding="utf-8",
    )


def written_decisions(folder: Path) -> np.ndarray:
    return pd.read_parquet(folder / "run" / "evidence" / "predictions.parquet")["y_pred"].to_numpy()


@pytest.mark.parametrize(
    ("name", "favourable"),
    [("08_pipeline_xgb", "1"), ("16_fixed_threshold", "yes"), ("59_ridge_classifier", "yes"),
     ("55_get_dummies", "yes"), ("62b_int_dummies_rules", "yes")],
)  # fmt: skip
def test_converted_models_decide_as_their_own_predict(
    name: str, favourable: str, tmp_path: Path, make
) -> None:
    folder = tmp_path / "case"
    case = make(name, folder)
    told = assay("convert", folder / str(case["model"]), "--data", folder / "test.csv", "--yes")
    assert not told
    new = next(path for path in folder.iterdir()
               if path.stem == "model" and path.suffix not in (".joblib",))  # fmt: skip
    write_settings(folder, case, new.name)
    found = run(folder)
    assert isinstance(found, AuditReport), found
    right = np.load(folder / "decisions.npy") == favourable
    assert (written_decisions(folder) == right).all()
    if "dummies" in name:
        check_one_hot(folder)


def check_one_hot(folder: Path) -> None:
    """No answer sets two jobs or two districts."""
    answers = pd.read_parquet(folder / "run" / "evidence" / "counterfactuals.parquet")
    assert len(answers)
    for start in ("job_", "district_"):
        block = answers[[name for name in answers.columns if name.startswith(start)]]
        assert (block.astype(str).isin(["1", "1.0", "True", "true"]).sum(axis=1) == 1).all()


def test_default_is_never_turned_round(tmp_path: Path, make) -> None:
    folder = tmp_path / "case"
    case = make("66_default_yes_no", folder)
    write_settings(folder, case, "model.json")
    found = run(folder)
    right = np.load(folder / "decisions.npy") == case["positive"]
    if isinstance(found, str):
        assert "classes" in found
        write_settings(folder, case, "model.json", 'classes = ["no", "yes"]\n')
        found = run(folder)
    assert isinstance(found, AuditReport), found
    assert (written_decisions(folder) == right).all()
    assert value(found, "roc_auc") > 0.6


def test_codes_that_were_texts_at_training(tmp_path: Path, make) -> None:
    folder = tmp_path / "case"
    case = make("20_str_codes", folder)
    write_settings(folder, case, "model.skops")
    found = run(folder)
    if isinstance(found, str):
        assert "branch" in found
        return
    scores = pd.read_parquet(folder / "run" / "evidence" / "predictions.parquet")["y_score"]
    assert np.allclose(scores, np.load(folder / "expected.npy")[:, 1], atol=1e-9)


def test_columns_of_a_model_that_was_trained_on_arrays(tmp_path: Path, make) -> None:
    folder = tmp_path / "case"
    case = make("24_numpy_trained", folder)
    assert not assay("convert", folder / str(case["model"]), "--data", folder / "rows.csv", "--yes")
    names = 'features = ["age", "income", "amount", "branch"]\n'
    write_settings(folder, case, "model.skops", names)
    found = run(folder)
    assert isinstance(found, AuditReport), found
    scores = pd.read_parquet(folder / "run" / "evidence" / "predictions.parquet")["y_score"]
    assert np.allclose(scores, np.load(folder / "expected.npy")[:, 1], atol=1e-9)


def test_a_function_of_ones_own_is_named(tmp_path: Path, make) -> None:
    folder = tmp_path / "case"
    case = make("22_main_function", folder)
    told = assay("convert", folder / str(case["model"]), "--data", folder / "test.csv", "--yes")
    assert "add_ratio" in told and "assay host" in told and "damaged" not in told


def test_searches_saved_whole_are_converted(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    told = [line for line in train("68_grid_forms", folder).splitlines() if "->" in line]
    assert len(told) >= 5, told
    assert all(float(line.rsplit(" ", 1)[1]) < 1e-9 for line in told), told


@pytest.mark.parametrize(
    ("file", "output", "column"),
    [("sigmoid", "", None), ("logit", 'output = "logit"\n', None),
     ("two_logits", 'output = "logit"\n', 1)],
)  # fmt: skip
def test_networks(file: str, output: str, column: int | None, tmp_path: Path, make) -> None:
    """One sigmoid is a probability; logits are asked for, and read as they are declared."""
    folder = tmp_path / "case"
    case = make("31_torch_onnx", folder)
    mapped = 'features = ["age", "income", "amount", "branch"]\n'
    write_settings(folder, case, f"{file}.onnx", mapped)
    found = run(folder)
    if output:
        assert isinstance(found, str) and "output" in found
        write_settings(folder, case, f"{file}.onnx", mapped + output)
        found = run(folder)
    if isinstance(found, str):
        assert "classes" in found
        write_settings(folder, case, f"{file}.onnx", mapped + output + 'classes = ["no", "yes"]\n')
        found = run(folder)
    assert isinstance(found, AuditReport), found
    raw = np.load(folder / f"expected_{file}.npy").astype(float)
    if file == "sigmoid":
        right = raw[:, 0]
    elif column is None:
        right = 1 / (1 + np.exp(-raw[:, 0]))
    else:
        right = 1 / (1 + np.exp(raw[:, 0] - raw[:, 1]))
    scores = pd.read_parquet(folder / "run" / "evidence" / "predictions.parquet")["y_score"]
    assert np.allclose(scores, right, atol=1e-5)
