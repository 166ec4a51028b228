"""A run of 1,000,000 loan applications, made once and kept: for the benchmark of the dashboard and
for its walk through every page. `python tests/million.py` makes it and prints its folder.

It takes minutes, so it is kept outside the repository, in a folder named after all that it is made
of: another version of Assay or of this file makes another one. ASSAY_MILLION names the place where
such folders are kept; without it, it is the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import lightgbm
import pandas as pd

import audits
import sample_models.credit.generate as credit
from audits.store.bundle import REPORT

ROOT = Path(__file__).resolve().parents[1]
ROWS, TRAIN_ROWS = 1_000_000, 50_000
SEED = 0
NAME = "million"
NOT_SEEN = ("application", "sex", "ethnicity", "repaid")

AUDIT = """
[audit]
name = "A million loans"
seed = {seed}
[data]
path = "rows.csv"
reference = "train.csv"
target = "repaid"
positive = "yes"
protected = ["sex", "ethnicity", "age"]
id = "application"
missing = ["?"]
[data.edges]
age = [25, 40, 60]
[data.reference_groups]
sex = "Male"
ethnicity = "Group A"
[model]
path = "model.txt"
[explain]
rows = 20000
error_rows = 200
anchors = 2
[recourse]
rows = 200
immutable = ["district"]
increase_only = ["age", "employment_years"]
decrease_only = ["late_payments", "existing_loans"]
[rules.adverse_action]
rows = 200
prohibited = ["sex", "ethnicity"]
[policy]
preset = "four-fifths"
"""


def find_folder(rows: int = ROWS) -> Path:
    """Return the folder where the run over `rows` rows is, or will be."""
    parts = (Path(__file__), Path(credit.__file__))
    made_of = b"".join(path.read_bytes() for path in parts) + audits.__version__.encode()
    digest = hashlib.sha256(made_of).hexdigest()[:12]
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assay-tests"
    place = Path(os.environ.get("ASSAY_MILLION") or default)
    return place / f"{NAME}-{rows}-seed{SEED}-{digest}"


def write_inputs(folder: Path, rows: int) -> None:
    """Write the audited rows, the reference rows, the model and the settings."""
    train = credit.generate(TRAIN_ROWS, SEED)
    train.to_csv(folder / "train.csv", index=False)
    features = train.drop(columns=list(NOT_SEEN)).replace("?", None)
    texts = features.select_dtypes(exclude="number").columns
    data = lightgbm.Dataset(
        features.astype(dict.fromkeys(texts, "category")), train["repaid"] == "yes"
    )
    settings = {"objective": "binary", "verbose": -1, "seed": SEED, "num_threads": 2,
                "deterministic": True, "force_row_wise": True, "learning_rate": 0.05}  # fmt: skip
    lightgbm.train(settings, data, 200).save_model(folder / "model.txt")
    credit.generate(rows, SEED + 1).to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(AUDIT.format(seed=SEED), encoding="utf-8")


def make_runs(rows: int = ROWS) -> Path:
    """Return a folder of runs with one over `rows` rows, named `million`; made if it is not there.

    Data, model and settings lie beside it, in `inputs`. A killed maker leaves nothing half made.
    """
    folder = find_folder(rows)
    runs, inputs = folder / "runs", folder / "inputs"
    if not inputs.is_dir():
        partial = folder / f"inputs.{os.getpid()}"
        partial.mkdir(parents=True)
        write_inputs(partial, rows)
        partial.rename(inputs)
    if not (runs / NAME / REPORT).is_file():
        command = [sys.executable, "-m", "audits.cli.main", "run", str(inputs / "audit.toml"),
                   "--out", str(runs / NAME), "--fail-on", "never"]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
    return runs


def read_data(runs: Path) -> pd.DataFrame:
    """Return the audited rows of `make_runs`."""
    return pd.read_csv(runs.parent / "inputs" / "rows.csv", keep_default_na=False, na_values=["?"])


if __name__ == "__main__":
    print(make_runs(*map(int, sys.argv[1:2])))
