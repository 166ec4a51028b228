"""Bad input: one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from audits.cli.main import main
from tests.cli.command import start_assay

AUDIT = """
[audit]
name = "decisions"
[data]
path = "d.csv"
target = "outcome"
positive = "good"
protected = ["sex"]
[predictions]
label = "hired"
score = "score"
"""
WITH_MODEL = (
    AUDIT.split("[predictions]", maxsplit=1)[0].replace("good", "1")
    + '[model]\npath = "model.txt"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "sex": draw.choice(["F", "M"], 80), "outcome": draw.choice(["good", "bad"], 80),
            "hired": draw.integers(0, 2, 80), "score": draw.random(80).round(3),
            "income": draw.random(80), "years": draw.random(80),
        }
    )  # fmt: skip
    rows.to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "audit.toml").write_text(AUDIT)
    return tmp_path


def train_model(folder: Path) -> None:
    rows = pd.read_csv(folder / "d.csv")
    rows["outcome"] = (rows["outcome"] == "good").astype(int)
    rows.to_csv(folder / "d.csv", index=False)
    data = lgb.Dataset(rows[["income", "years"]], rows["outcome"])
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}
    lgb.train(settings, data, 5).save_model(str(folder / "model.txt"))
    (folder / "audit.toml").write_text(WITH_MODEL)


def replace(folder: Path, old: str, new: str) -> None:
    file = folder / "audit.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def change_data(folder: Path, **columns: object) -> None:
    pd.read_csv(folder / "d.csv").assign(**columns).to_csv(folder / "d.csv", index=False)


def refuse(folder: Path, capsys, monkeypatch, *more: str) -> str:
    """Run the audit, which must be refused in one line; return the line."""
    before = sorted(path.name for path in folder.iterdir())
    out = folder / "run"
    arguments = ["assay", "run", str(folder / "audit.toml"), "--out", str(out), *more]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("assay: ")
    assert sorted(path.name for path in folder.iterdir()) == before
    return lines[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"d.csv"', '"none.csv"', "'none.csv': no such file"),
        ('"d.csv"', '"http://example.org/d.csv"', "only local files are read"),
        ('"outcome"', '"outcom"', "did you mean 'outcome'"),
        ('"sex"', '"sexx"', "did you mean 'sex'"),
        ('"good"', '"great"', "'great' is not a value of target 'outcome'"),
        (
            "[predictions]",
            '[data.reference_groups]\nsex = "X"\n[predictions]',
            "reference group 'X'",
        ),
        ("[audit]", "[audit", "line 2"),
        ("protected", "protectd", "unknown key data.protectd; did you mean 'protected'"),
        (
            "[predictions]",
            '[policy]\npreset = "strict"\n[predictions]',
            "preset 'strict' is unknown",
        ),
        ('label = "hired"', 'label = "fired"', "did you mean 'hired'"),
    ],
)
def test_settings_that_do_not_fit(folder, capsys, monkeypatch, old, new, message) -> None:
    replace(folder, old, new)
    assert message in refuse(folder, capsys, monkeypatch)


def test_a_group_column_without_the_declared_group_and_an_empty_file(
    folder, capsys, monkeypatch
) -> None:
    (folder / "d.csv").write_text("")
    assert "is an empty file" in refuse(folder, capsys, monkeypatch)
    (folder / "d.csv").write_text("sex,outcome,hired,score\n")
    assert "has no rows" in refuse(folder, capsys, monkeypatch)


def test_one_class_target(folder, capsys, monkeypatch) -> None:
    change_data(folder, outcome="good")
    assert "only one value, 'good'" in refuse(folder, capsys, monkeypatch)


def test_score_out_of_range(folder, capsys, monkeypatch) -> None:
    change_data(folder, score=np.linspace(-3, 1.2, 80))
    replace(folder, 'label = "hired"\n', "")
    line = refuse(folder, capsys, monkeypatch)
    assert "go from -3 to 1.2, beyond 0 and 1" in line
    assert "declare [predictions] threshold" in line


def test_missing_features_are_named_and_further_columns_are_fine(
    folder, capsys, monkeypatch
) -> None:
    train_model(folder)
    rows = pd.read_csv(folder / "d.csv")
    rows.rename(columns={"income": "incomes"}).to_csv(folder / "d.csv", index=False)
    line = refuse(folder, capsys, monkeypatch)
    assert "'income'" in line
    assert "incomes" in line


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_truncated_model(folder, capsys, monkeypatch, keep) -> None:
    train_model(folder)
    text = (folder / "model.txt").read_text()
    (folder / "model.txt").write_text(text[: int(len(text) * keep)])
    assert "model.txt" in refuse(folder, capsys, monkeypatch)


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "model.txt"])
def test_pickle_is_refused_with_advice_and_never_opened(folder, capsys, monkeypatch, name) -> None:
    train_model(folder)
    marker = folder.parent / f"{folder.name}-sprung"
    (folder / name).write_bytes(pickle.dumps(Trap(marker)))
    replace(folder, "model.txt", name)
    assert "assay convert" in refuse(folder, capsys, monkeypatch)
    assert not marker.exists()


def test_an_earlier_run_is_never_overwritten(folder) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "precious").write_text("x")
    done = start_assay("run", folder / "audit.toml", "--out", folder / "run")
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert [path.name for path in (folder / "run").iterdir()] == ["precious"]
