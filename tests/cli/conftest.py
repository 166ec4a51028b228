"""The command in this process, and audits of the same people that differ in one thing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import AssayError
from audits.pipeline.run import run_audit

Assay = Callable[..., tuple[int, str, str]]
AUDIT = """
[audit]
name = "{name}"
[data]
path = "{name}.csv"
target = "outcome"
positive = {positive}
protected = ["sex"]
id = "who"
[predictions]
label = "hired"
"""


@pytest.fixture(scope="session")
def assay() -> Assay:
    """The command: its exit code, stdout, and stderr or the error that ended it."""

    def call(*arguments: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(map(str, arguments)))
        if isinstance(done.exception, AssayError):
            return done.exception.exit_code, done.stdout, str(done.exception)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return call


@pytest.fixture(scope="package")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings and runs of the same people: fair, again fair, women turned down more often, and
    the other outcome taken for the favourable one."""
    folder = tmp_path_factory.mktemp("runs")
    draw = np.random.default_rng(1)
    sex = draw.choice(["F", "M"], 2000)
    outcome = draw.integers(0, 2, 2000)
    hired = (draw.random(2000) < 0.5).astype(int)
    frame = pd.DataFrame({"who": np.arange(2000), "sex": sex, "outcome": outcome, "hired": hired})
    harsh = frame.assign(hired=np.where((sex == "F") & (draw.random(2000) < 0.5), 0, hired))
    for name, rows, positive in (("fair", frame, 1), ("harsh", harsh, 1), ("turned", frame, 0)):
        rows.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.toml").write_text(AUDIT.format(name=name, positive=positive))
        run_audit(folder / f"{name}.toml", folder / name, device="cpu")
    shutil.copytree(folder / "fair", folder / "again")
    return folder
