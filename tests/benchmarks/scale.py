"""`make bench`: every metric with intervals from 10,000 to 20,000,000 rows, beside fairlearn.

Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from audits.checks.base import CubeContext
from audits.checks.builtin import CUBE_CHECKS
from audits.checks.fairness.interventions import INTERVENTIONS
from audits.core.errors import CheckNotApplicableError
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.build import build_cube
from audits.cube.counts.view import compute_view
from audits.data.sql import connect
from tests.cube.moved import move_threshold

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 20_000_000)
PEER_ROWS = 1_000_000
TARGETS = {"seconds of 20,000,000 rows": 15.0, "MB": 1536.0, "times fairlearn": 100.0}

# Two attributes, continuous scores (no two alike), outcomes that follow them.
ROWS = """
COPY (
    SELECT CAST(i AS VARCHAR) AS "row", CAST(random() < s AS INTEGER) AS y_true,
        CAST(s >= 0.5 AS INTEGER) AS y_pred, s AS y_score, sex, race
    FROM (
        SELECT i, sex, race, 1 / (1 + exp(-(ln(u / (1 - u)) * 0.8 - 0.4 - 0.3 * CAST(sex = 'Female' AS INTEGER)
            - 0.2 * CAST(race = 'Black' AS INTEGER)))) AS s
        FROM (
            SELECT range AS i, 1e-9 + random() * (1 - 2e-9) AS u,
                CASE WHEN random() < 0.45 THEN 'Female' ELSE 'Male' END AS sex,
                ['Asian', 'Black', 'Hispanic', 'Other', 'White'][
                    CAST(floor(sqrt(random()) * 5) AS INTEGER) + 1] AS race
            FROM range({rows})
        )
    )
) TO '{path}' (FORMAT parquet)
"""


def write_rows(path: Path, rows: int) -> None:
    with duckdb.connect(config={"threads": 1, "preserve_insertion_order": False}) as connection:
        connection.execute("SELECT setseed(0.5)").fetchall()
        connection.execute(ROWS.format(rows=rows, path=path))


def measure(path: Path) -> dict[str, float]:
    """Count the rows, take every metric, and move the threshold; seconds and MB."""
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "scale"},
            "data": {"path": "rows", "target": "y", "positive": 1, "protected": ["sex", "race"]},
            "predictions": {"label": "p", "score": "s"},
        }
    )
    started = time.perf_counter()
    with connect() as connection:
        connection.execute("SET memory_limit = '1GB'")
        cube = build_cube(connection, path, task="binary", attributes=("sex", "race"))
    counted = time.perf_counter()
    numbers = 0
    context = CubeContext(spec, cube)
    for check in (check for check in CUBE_CHECKS if check is not INTERVENTIONS):
        with suppress(CheckNotApplicableError):
            numbers += len(check.compute(context).measurements)
    measured = time.perf_counter()
    INTERVENTIONS.compute(context)
    solved = time.perf_counter()
    view = compute_view(move_threshold(cube, 0.37), ("sex", "race"))
    assert view.weight.sum() > 0
    return {
        "rows": cube.rows,
        "cells": len(cube.sums["count"]),
        "count": counted - started,
        "metrics": measured - counted,
        "numbers": numbers,
        "interventions": solved - measured,
        "threshold": time.perf_counter() - solved,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_peer(path: Path) -> float:
    """Return seconds of fairlearn's MetricFrame with four metrics, single and crossed."""
    import fairlearn.metrics as fl
    import pandas as pd
    from sklearn.metrics import accuracy_score

    rows = pd.read_parquet(path)
    metrics = {
        "selection_rate": fl.selection_rate, "tpr": fl.true_positive_rate,
        "fpr": fl.false_positive_rate, "accuracy": accuracy_score,
    }  # fmt: skip
    started = time.perf_counter()
    for groups in (["sex"], ["race"], ["sex", "race"]):
        fl.MetricFrame(
            metrics=metrics, y_true=rows.y_true, y_pred=rows.y_pred,
            sensitive_features=rows[groups],
        ).difference()  # fmt: skip
    return time.perf_counter() - started


def in_own_process(mode: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, mode, str(path)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    if len(sys.argv) == 3:
        path = Path(sys.argv[2])
        found = {"peer": measure_peer} if sys.argv[1] == "peer" else {"own": measure}
        ((name, run),) = found.items()
        result = run(path)
        print(json.dumps(result if name == "own" else {"seconds": result}))
        return 0
    with tempfile.TemporaryDirectory() as name:
        print("Binary, sex (2) x race (5), continuous scores; every metric with its interval")
        print(f"{'rows':>12} {'cells':>10} {'count s':>9} {'metrics s':>10} {'interventions s':>16} "
              f"{'threshold ms':>13} "
              f"{'numbers':>8} {'peak MB':>8}")  # fmt: skip
        for rows in SIZES:
            path = Path(name) / "rows.parquet"
            write_rows(path, rows)
            found = in_own_process("own", path)
            print(f"{rows:12,} {found['cells']:10,} {found['count']:9.2f} {found['metrics']:10.2f} "
                  f"{found['interventions']:16.2f} "
                  f"{1000 * found['threshold']:13.1f} {found['numbers']:8,} {found['MB']:8,.0f}",
                  flush=True)  # fmt: skip
            if rows == PEER_ROWS:
                peer, ours = in_own_process("peer", path)["seconds"], found
        print(f"targets: 20,000,000 rows in {TARGETS['seconds of 20,000,000 rows']} s and "
              f"{TARGETS['MB']:,.0f} MB; any threshold in 50 ms")  # fmt: skip
        spent = ours["count"] + ours["metrics"]
        print(f"\n1,000,000 rows: fairlearn MetricFrame, 4 metrics, no intervals {peer:.1f} s; "
              f"ours, {ours['numbers']:,} numbers with intervals {ours['metrics']:.2f} s on the cube,"
              f" {spent:.2f} s with counting: {peer / ours['metrics']:.0f} and {peer / spent:.0f} "
              f"times faster (target {TARGETS['times fairlearn']:.0f})")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
