"""`make bench`: worst slices on Adult and on a million generated rows, seconds and peak memory."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.performance.slices import CODE, SLICES
from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ROWS = 1_000_000
PLANTED = ("city = Delta", "job = clerk", "years under 10")
TARGETS = {"Adult": 10, "generated": 60}
AUDIT = """
[audit]
name = "{name}"
[data]
path = "{name}.parquet"
target = "outcome"
positive = "yes"
id = "id"
[predictions]
label = "decided"
score = "score"
"""


def write_adult(folder: Path) -> None:
    """Score adult_test by a model trained on adult_train, with all 14 columns beside."""
    parts = []
    for part in ("train", "test"):
        frame = pd.read_csv(DATA / f"adult_{part}.csv", keep_default_na=False, na_values=["?"])
        parts.append(frame)
    both = pd.concat(parts)
    texts = both.drop(columns="income").select_dtypes(exclude="number").columns
    both[texts] = both[texts].astype("category")
    train, test = both[: len(parts[0])], both[len(parts[0]) :]
    booster = lgb.train(
        {"objective": "binary", "verbose": -1, "seed": 0, "num_threads": 2},
        lgb.Dataset(train.drop(columns="income"), train["income"] == ">50K"),
        200,
    )
    score = booster.predict(test.drop(columns="income"))
    done = parts[1].drop(columns="income").assign(
        id=np.arange(len(test)), score=score, decided=np.where(score >= 0.5, "yes", "no"),
        outcome=np.where(test["income"] == ">50K", "yes", "no"),
    )  # fmt: skip
    done.to_parquet(folder / "Adult.parquet")


def write_generated(folder: Path, rows: int = ROWS) -> None:
    """Write 14 columns; where three conditions meet (0.5% of rows), 40% of decisions are wrong
    in place of 10%."""
    draw = np.random.default_rng(0)
    columns: dict[str, object] = {
        "city": draw.choice(["Alpha", "Beta", "Gamma", "Delta", "Épsilon"], rows),
        "job": draw.choice(["clerk", "nurse", "cook", "driver", "pilot", "tailor"], rows),
        "years": draw.integers(0, 40, rows),
    }
    for number in range(6):
        columns[f"number {number}"] = draw.normal(0, 1, rows).round(3)
    for number in range(5):
        columns[f"text {number}"] = draw.choice([f"level {i}" for i in range(3 + number * 4)], rows)
    frame = pd.DataFrame(columns)
    planted = (frame.city == "Delta") & (frame.job == "clerk") & (frame.years < 10)
    score = draw.random(rows)
    decided = score >= 0.5
    wrong = draw.random(rows) < np.where(planted, 0.4, 0.1)
    frame["score"], frame["decided"] = score, np.where(decided, "yes", "no")
    frame["outcome"] = np.where(decided ^ wrong, "yes", "no")
    frame["id"] = np.arange(rows)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / "generated.parquet")


def measure(folder: Path, name: str) -> AuditReport:
    """Audit with the search alone; print its seconds, this process's peak memory, the worst."""
    path = folder / f"{name}.toml"
    path.write_text(AUDIT.format(name=name), encoding="utf-8")
    report = run_audit(path, folder / f"{name}-run", checks=(SLICES,)).report
    check = next(one for one in report.checks if one.code == CODE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {check.seconds:.1f} s (target {TARGETS[name]} s), peak {peak:,.0f} MB")
    print(f"  {report.evidence[-1].description}")
    for item in report.measurements:
        if item.estimate is not None and item.p_value is not None:
            low, high = item.estimate.low, item.estimate.high
            where = f"{item.metric:28} {item.value:+.3f} ({low:+.3f} to {high:+.3f})"
            print(f"  {where} p {item.p_value:.1e}  {item.slice}")
    return report


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if DATA.is_dir():
            write_adult(folder)
            measure(folder, "Adult")
        else:
            print("../shared/data, the real public data sets, is absent: Adult is left out")
        started = time.perf_counter()
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # memory of its own
            pool.submit(write_generated, folder).result()
        print(f"\n{ROWS:,} rows generated in {time.perf_counter() - started:.0f} s")
        report = measure(folder, "generated")
        found = [str(m.slice) for m in report.find("accuracy_difference")]
        first = bool(found) and found[0] == " & ".join(PLANTED)
        print(f"  planted: {' & '.join(PLANTED)}; found first: {'yes' if first else 'NO'}")
        return 0 if first else 1


if __name__ == "__main__":
    sys.exit(main())
