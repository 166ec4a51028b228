"""The same reports before and after a change, number by number.

    python tests/acceptance/same_reports.py prepare INPUTS      # data, models and settings, once
    python tests/acceptance/same_reports.py run INPUTS BEFORE   # with the code before the change
    python tests/acceptance/same_reports.py run INPUTS AFTER    # with the code after it
    python tests/acceptance/same_reports.py compare BEFORE AFTER

The code that runs is what `python -m audits.cli.main` finds: set PYTHONPATH to a checkout. The
four samples have to be trained (`make demo`), and `../shared/data` to be there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
SAMPLES = ("credit", "hiring", "income", "rental")
TIMES = ("seconds", "duration_s")
AUDIT = """
[audit]
name = "{name}"
task = "{task}"
[data]
path = "test.csv"
reference = "train.csv"
target = "{target}"
{positive}
protected = {protected}
missing = ["?"]
[data.edges]
{edges}
[model]
path = "model.txt"
{classes}
[explain]
effects_rows = 200
permutation_rows = 500
error_rows = 100
trust_rows = 50
anchors = 5
[recourse]
rows = 20
"""
PUBLIC = {
    "adult": ("binary", "income", ["sex", "race"], '">50K"'),
    "german": ("binary", "credit_risk", ["personal_status_sex"], "1"),
    "communities": ("regression", "ViolentCrimesPerPop", ["racepctblack"], ""),
    "diabetes": ("multiclass", "readmitted", ["gender", "race"], ""),
}


def read_public(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test rows of a public file, texts as they are."""
    read = {"keep_default_na": False, "na_values": [""]}
    if name == "adult":
        return tuple(pd.read_csv(DATA / f"adult_{part}.csv", **read) for part in ("train", "test"))
    file = {"german": "german_credit.csv", "communities": "communities_crime.csv",
            "diabetes": "diabetes130.csv.gz"}[name]  # fmt: skip
    rows = pd.read_csv(DATA / file, **read).sample(frac=1, random_state=0).head(20_000)
    half = len(rows) // 2
    return rows[:half], rows[half:]


def prepare(folder: Path) -> None:
    """Write each public audit's data, a LightGBM model and the settings; copy the samples."""
    for name in SAMPLES:
        shutil.copytree(ROOT / "sample_models" / name, folder / name)
    for name, (task, target, protected, positive) in PUBLIC.items():
        train, test = read_public(name)
        numbers = [
            c for c in train.columns if pd.api.types.is_numeric_dtype(train[c]) and c != target
        ]
        place = folder / name
        place.mkdir(parents=True)
        train.to_csv(place / "train.csv", index=False)
        test.to_csv(place / "test.csv", index=False)
        classes = sorted(train[target].astype(str).unique()) if task != "regression" else []
        y = train[target] if task == "regression" else (
            (train[target].astype(str) == positive.strip('"')).astype(int) if task == "binary"
            else train[target].astype(str).map(classes.index)
        )  # fmt: skip
        objective = {"binary": {"objective": "binary"}, "regression": {"objective": "regression"},
                     "multiclass": {"objective": "multiclass", "num_class": len(classes)}}[task]  # fmt: skip
        booster = lgb.train({**objective, "verbose": -1, "num_threads": 1, "seed": 0},
                            lgb.Dataset(train[numbers[:12]], y), 25)  # fmt: skip
        booster.save_model(str(place / "model.txt"))
        listed = [c for c in classes if c != positive.strip('"')] + [positive.strip('"')]
        edges = "\n".join(f"{c} = [0.2]" for c in protected if task == "regression")
        (place / "audit.toml").write_text(
            AUDIT.format(
                name=name, task=task, target=target, protected=json.dumps(protected), edges=edges,
                positive=f"positive = {positive}" if positive else "",
                classes=f"classes = {json.dumps(listed if task == 'binary' else classes)}"
                if classes else "",
            ),
            encoding="utf-8",
        )  # fmt: skip


def run(inputs: Path, out: Path) -> int:
    """Run every audit with the code that Python finds; return how many did not end well."""
    audits = {name: inputs / name / "audit.toml" for name in (*SAMPLES, *PUBLIC)}
    failed = 0
    for name, audit in audits.items():
        if (out / name).exists():
            continue  # run before: a folder can be finished by a second call
        done = subprocess.run(
            [sys.executable, "-P", "-m", "audits.cli.main", "run", str(audit), "--device", "cpu",
             "--out", str(out / name), "--fail-on", "never"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(name, done.returncode, done.stderr[-300:] if done.returncode else "", flush=True)
        failed += done.returncode != 0
    return failed


def strip(value: object) -> object:
    """Leave out how long things took."""
    if isinstance(value, dict):
        return {key: strip(one) for key, one in value.items() if key not in TIMES}
    return [strip(one) for one in value] if isinstance(value, list) else value


def compare(before: Path, after: Path) -> int:
    """Print and count what differs between the reports of two folders of runs."""
    differences = 0
    for folder in sorted(path.parent for path in before.glob("*/report.json")):
        reports = [
            json.loads((place / folder.name / "report.json").read_text(encoding="utf-8"))
            for place in (before, after)
        ]
        found = []
        for part, key in (("measurements", "id"), ("checks", "code"), ("evidence", "path")):
            old, new = (
                {(one.get("check"), one[key]): strip(one) for one in report[part]}
                for report in reports
            )
            found += [f"{part} {k}: {old.get(k)} | {new.get(k)}"
                      for k in dict.fromkeys((*old, *new)) if old.get(k) != new.get(k)]  # fmt: skip
        old, new = (strip(report["verdicts"]) for report in reports)
        found += ["verdicts differ"] if old != new else []
        print(
            f"{folder.name}: {len(reports[0]['measurements']):,} numbers, {len(found)} differences"
        )
        for line in found[:5]:
            print("   ", line[:400])
        differences += len(found)
    return differences


if __name__ == "__main__":
    step, *folders = sys.argv[1:]
    todo = {"prepare": prepare, "run": run, "compare": compare}[step]
    sys.exit(min(todo(*(Path(folder).absolute() for folder in folders)) or 0, 1))
