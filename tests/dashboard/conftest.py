"""Real runs on small generated data, made once: a model with every check, decisions alone, a
regression, names that are markup, and a damaged one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from audits.cli.after.card import write_cards
from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit
from audits.store.bundle import REPORT, Bundle, load_bundle
from audits.store.preview import find_place, save_preview
from dashboard import state
from dashboard.viewmodels.run import RunData
from tests.once import make_once

sys.path.insert(0, str(Path(__file__).parent))  # for real_browser.py


@pytest.fixture(autouse=True)
def _wait_for_what_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine even small data may take longer than a page waits for."""
    monkeypatch.setattr(state, "PATIENCE_S", 60.0)


MARKUP = '<img src="http://evil.invalid/x.png"> **B** :red[x]'
"""A group's name that would fetch an image, if anybody rendered it."""

MARKUP_COLUMN = "<b>[pay](http://evil.invalid)</b>"
MARKUP_ATTRIBUTE = "**team** :red[x]"
ROWS = 900


def make_rows(seed: int = 0) -> pd.DataFrame:
    """Return loans with a bias against the second group, and one column with a rude name."""
    draw = np.random.default_rng(seed)
    sex = draw.choice(["Male", "Female"], ROWS)
    team = draw.choice(["A", MARKUP], ROWS, p=[0.6, 0.4])
    income = draw.normal(50, 12, ROWS).round(1)
    debt = draw.normal(20, 8, ROWS).round(1)
    pay = draw.normal(0, 1, ROWS).round(3)
    score = 0.1 * (income - 50) - 0.12 * (debt - 20) + 0.4 * pay - 1.1 * (team == MARKUP)
    repaid = np.where(draw.random(ROWS) < 1 / (1 + np.exp(-score)), "yes", "no")
    return pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(ROWS)],
            "income": income,
            "debt": debt,
            MARKUP_COLUMN: pay,
            "biased": (team == MARKUP).astype(int),
            "sex": sex,
            MARKUP_ATTRIBUTE: team,
            "decided": np.where(income > 50, "yes", "no"),
            "repaid": repaid,
            "amount": (income * 3 + draw.normal(0, 4, ROWS)).round(2),
        }
    )


FEATURES = ["income", "debt", MARKUP_COLUMN, "biased"]


def train(rows: pd.DataFrame, target: np.ndarray, objective: str, path: Path) -> None:
    """Write a small LightGBM model. The library refuses such column names when it trains, but a
    file may hold them all the same."""
    settings = {"objective": objective, "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": 0}
    safe = [f"f{n}" for n in range(len(FEATURES))]
    data = lightgbm.Dataset(rows[FEATURES].to_numpy(), target, feature_name=safe)
    text = lightgbm.train(settings, data, 15).model_to_string()
    named = text.replace(f"feature_names={' '.join(safe)}", f"feature_names={' '.join(FEATURES)}")
    path.write_text(named, encoding="utf-8")


SCORED = """
[audit]
name = "Loans {name}"
task = "{task}"
[data]
path = "rows.csv"
target = "{target}"
{positive}
protected = ["sex", "**team** :red[x]"]
id = "id"
{subject}
[recourse]
rows = 80
immutable = ["biased"]
"""


def write_audit(folder: Path, name: str, task: str, target: str, subject: str) -> Path:
    positive = 'positive = "yes"' if task == "binary" else ""
    text = SCORED.format(name=name, task=task, target=target, subject=subject, positive=positive)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def rude_names() -> tuple[str, str, str]:
    """A group, a protected column and a feature whose names are markup."""
    return MARKUP, MARKUP_ATTRIBUTE, MARKUP_COLUMN


def make_inputs(folder: Path) -> None:
    folder.mkdir()
    rows = make_rows()
    rows.to_csv(folder / "rows.csv", index=False)
    train(rows, (rows["repaid"] == "yes").to_numpy(int), "binary", folder / "model.txt")
    train(rows, rows["amount"].to_numpy(), "regression", folder / "amount.txt")
    subject = '[model]\npath = "model.txt"\n[explain]\ninteractions = 50\n[rules.adverse_action.codes]\ndebt = "Other debts"'
    write_audit(folder, "model", "binary", "repaid", subject)
    write_audit(folder, "decisions", "binary", "repaid", '[predictions]\nlabel = "decided"')
    write_audit(folder, "amounts", "regression", "amount", '[model]\npath = "amount.txt"')


def make_runs(folder: Path) -> None:
    inputs, root = folder / "inputs", folder / "runs"
    make_inputs(inputs)

    def keep(report: AuditReport, folder: Path) -> None:
        if report.subject.name == "Loans model":
            save_preview(report, folder, find_place(root / "early"))

    for name in ("amounts", "decisions", "model"):
        run_audit(
            inputs / f"{name}.toml", root / name, device="cpu", finish=write_cards, early=keep
        )
    damaged = root / "damaged"
    damaged.mkdir()
    (damaged / REPORT).write_text('{"schema": "assay.report/1", "run"', encoding="utf-8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both below, made once for all processes of the tests."""
    return make_once(tmp_path_factory, "dashboard", make_runs)


@pytest.fixture(scope="session")
def inputs(made: Path) -> Path:
    """The folder with the data, the models and the settings."""
    return made / "inputs"


@pytest.fixture(scope="session")
def runs(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three finished runs, the first result of one (as if it still ran, under the
    name "early") and a damaged one."""
    return shutil.copytree(made / "runs", tmp_path_factory.mktemp("made") / "runs")


@pytest.fixture(scope="session")
def bundle(runs: Path) -> Bundle:
    """The run of the model."""
    return load_bundle(runs / "model")


@pytest.fixture(scope="session")
def run(bundle: Bundle) -> RunData:
    """The run of the model, as pages read it."""
    return RunData(bundle)


@pytest.fixture(scope="session")
def decisions(runs: Path) -> RunData:
    """The run of decisions alone."""
    return RunData(load_bundle(runs / "decisions"))


@pytest.fixture(scope="session")
def amounts(runs: Path) -> RunData:
    """The regression's run."""
    return RunData(load_bundle(runs / "amounts"))
