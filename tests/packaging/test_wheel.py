"""The wheel in empty environments, one for each Python that it is for: `make package`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xgboost

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("audits", "dashboard", "model_cards", "sample_models", "tests", "docs", "pyproject.toml",
           "README.md", "LICENSE", "requirements.txt")  # fmt: skip
PYTHONS = ("3.11", "3.12", "3.13")
ROOMS = ("core", "data", "cube", "policy")
MODEL = """
import numpy, pandas, skops.io
from sklearn.ensemble import RandomForestClassifier
draw = numpy.random.default_rng(0)
rows = pandas.DataFrame({"income": draw.normal(30, 8, 600), "months": draw.integers(1, 60, 600)})
sex = numpy.where(draw.random(600) < 0.5, "Female", "Male")
repaid = numpy.where(rows.income - rows.months / 5 + 2 * (sex == "Male") > 25, "yes", "no")
skops.io.dump(RandomForestClassifier(9, max_depth=4, random_state=0).fit(rows, repaid), "model.skops")
rows.assign(sex=sex, repaid=repaid).to_csv("test.csv", index=False)
"""
DECISIONS = """
[audit]
name = "Decisions"
[data]
path = "test.csv"
protected = ["sex"]
positive = "yes"
[predictions]
label = "repaid"
"""

pytestmark = pytest.mark.package


def run(*command: object, cwd: Path, ok: tuple[int, ...] = (0,)) -> str:
    """Run a command without anything of ours on the path; return what it says."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode in ok, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def find_python(version: str) -> str | None:
    """Return an interpreter of this version: this one, one on the path, or one that pyenv keeps."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(root.glob(f"{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")


@dataclass(frozen=True)
class Place:
    """An environment with nothing but the wheel and what it declares, and a folder to work in."""

    python: str
    bin: Path
    folder: Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of these sources, built beside them: nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            trained = ("data", "model") if name == "sample_models" else ()
            skip = shutil.ignore_patterns("__pycache__", *trained)
            shutil.copytree(ROOT / name, folder / "source" / name, ignore=skip)
        else:
            shutil.copy(ROOT / name, folder / "source" / name)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, "./source",
        cwd=folder)  # fmt: skip
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=PYTHONS)
def place(request, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The first of three commands, in an empty environment: install."""
    python = find_python(request.param)
    if python is None:
        pytest.skip(f"Python {request.param} is not on this machine")
    folder = tmp_path_factory.mktemp(f"python{request.param}")
    run(python, "-m", "venv", folder / "venv", cwd=folder)
    place = Place(request.param, folder / "venv" / "bin", folder)
    install(place, str(wheel))
    (folder / "model.py").write_text(MODEL, encoding="utf-8")
    run(place.bin / "python", "model.py", cwd=folder)
    return place


def install(place: Place, *what: str) -> None:
    """Install what is tested: the pins. Nothing is compiled, so that a wheel is there for all."""
    run(place.bin / "python", "-m", "pip", "install", "-q", "--only-binary", ":all:",
        "--constraint", ROOT / "requirements.txt", *what, cwd=place.folder)  # fmt: skip


def read_checks(folder: Path) -> dict[str, tuple[str, str]]:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {one["code"]: (one["status"], one["reason"]) for one in report["checks"]}


def test_the_wheel_holds_what_runs_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "audits", "dashboard", "model_cards",
    }  # fmt: skip
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "audits", "dashboard", "model_cards"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    left_out = {name for name in listed if name and name not in names}
    assert not left_out, "a file that is not in the wheel is missing once it is installed"


def test_a_table_of_decisions(place: Place) -> None:
    (place.folder / "decisions.toml").write_text(DECISIONS, encoding="utf-8")
    run(place.bin / "assay", "run", "decisions.toml", "--out", "decisions", cwd=place.folder,
        ok=(0, 1))  # fmt: skip
    ended = read_checks(place.folder / "decisions")
    assert not [code for code, (status, _) in ended.items() if status == "error"]
    assert ended["fairness.gaps"][0] == "measured"
    run(place.bin / "assay", "verify", "decisions", cwd=place.folder)
    run(place.bin / "assay", "card", "decisions", "--format", "html", cwd=place.folder)


def test_a_model_with_its_explanations_and_ways_back(place: Place) -> None:
    """Commands two and three. What needs an extra says which."""
    run(place.bin / "assay", "init", "model.skops", "test.csv", cwd=place.folder)
    run(place.bin / "assay", "run", "audit.toml", "--out", "run", cwd=place.folder, ok=(0, 1))
    ended = read_checks(place.folder / "run")
    assert not [code for code, (status, _) in ended.items() if status == "error"]
    for code in ("fairness.gaps", "explain.attributions", "recourse.counterfactuals"):
        assert ended[code][0] == "measured", ended[code]
    skipped = {reason for status, reason in ended.values() if status == "skipped"}
    assert all("install" in reason for reason in skipped)
    report = json.loads((place.folder / "run" / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["environment"]["python"].startswith(place.python)


def test_a_model_whose_library_is_missing_says_which_extra_brings_it(place: Place) -> None:
    rows = np.arange(40.0).reshape(-1, 1)
    data = xgboost.DMatrix(rows, rows[:, 0] > 20, feature_names=["income"])
    booster = xgboost.train({"objective": "binary:logistic"}, data, 2)
    booster.save_model(place.folder / "booster.json")
    said = run(place.bin / "assay", "init", "booster.json", "test.csv", "--out", "b.toml",
               cwd=place.folder, ok=(2,))  # fmt: skip
    assert said.strip() == (
        'assay: this needs xgboost, which is not installed: pip install "assay-audit[boosting]"'
    )


def test_the_dashboard_says_which_extra_brings_it(place: Place) -> None:
    said = run(place.bin / "assay", "serve", cwd=place.folder, ok=(2,))
    assert re.fullmatch(r'assay: .*pip install "assay-audit\[dashboard\]"', said.strip())


def test_every_pin_has_a_wheel_for_this_python(place: Place) -> None:
    """All but torch, of which a registry may keep several builds: it has its own command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [text for name, texts in project["optional-dependencies"].items() for text in texts
              if name != "all" and not text.startswith(("torch", "captum"))]  # fmt: skip
    run(place.bin / "python", "-m", "pip", "install", "-q", "--dry-run", "--only-binary", ":all:",
        "--constraint", ROOT / "requirements.txt", *extras, cwd=place.folder)  # fmt: skip


def test_the_tests_of_what_is_counted_pass(place: Place, wheel: Path) -> None:
    """Against the installed wheel: no sources lie beside the tests."""
    install(place, f"{wheel}[test]")
    work = place.folder / "work"
    shutil.copytree(wheel.parent / "source", work, ignore=shutil.ignore_patterns(
        "audits", "dashboard", "model_cards"))  # fmt: skip
    said = run(place.bin / "python", "-P", "-m", "pytest", "-p", "no:cacheprovider",
               *(f"tests/{room}" for room in ROOMS), cwd=work)  # fmt: skip
    assert re.search(r"\d+ passed", said)
    assert "failed" not in said
