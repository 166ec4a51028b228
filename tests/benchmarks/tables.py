"""`make bench`: the whole command on a long and on a wide CSV: seconds, and peak memory of it and of
its children.

ASSAY_BENCH_ROWS makes the long one shorter where time is short.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

LONG = (int(os.environ.get("ASSAY_BENCH_ROWS", "5000000")), 60)
SHORTER = (LONG[0] // 5, 60)
WIDE = (3_000, 2_000)
MAX_MB = 4096.0
"""Memory that the command may take, whatever the number of rows."""

SETTINGS = """
[audit]
name = "{rows} rows, {columns} columns"
[data]
path = "rows.csv"
target = "outcome"
positive = 1
protected = ["sex", "region"]
[predictions]
score = "score"
"""


def write_rows(path: Path, rows: int, columns: int) -> None:
    """Write people with an outcome, a score and so many columns in all."""
    more = ", ".join(
        f"round(random() * 1000, 2) AS number{n}"
        if n % 3
        else f"'v' || CAST(floor(random() * 50) AS INTEGER) AS text{n}"
        for n in range(columns - 4)
    )
    with duckdb.connect(config={"threads": 2, "preserve_insertion_order": False}) as connection:
        connection.execute("SELECT setseed(0.5)").fetchall()
        connection.execute(
            f"COPY (SELECT CASE WHEN random() < 0.45 THEN 'Female' ELSE 'Male' END AS sex, "
            f"'r' || CAST(floor(random() * 8) AS INTEGER) AS region, "
            f"CAST(random() < 0.4 AS INTEGER) AS outcome, round(random(), 4) AS score, {more} "
            f"FROM range({rows})) TO '{path}' (FORMAT csv, HEADER true)"
        )


def measure(rows: int, columns: int) -> tuple[float, float, float, int]:
    """Return seconds, peak MB, the file's MB and the exit code of `assay run` on such a file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "rows.csv", rows, columns)
        (folder / "audit.toml").write_text(SETTINGS.format(rows=rows, columns=columns))
        size = (folder / "rows.csv").stat().st_size / 1e6
        started = time.monotonic()
        command = [sys.executable, "-m", "audits.cli.main", "run", str(folder / "audit.toml"),
                   "--out", str(folder / "run"), "--fail-on", "never"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        if done.returncode:
            print(done.stderr[-2_000:])
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return seconds, peak, size, done.returncode


def main() -> int:
    missed = 0
    # The peak is of all children so far: the smaller one first.
    for rows, columns in (WIDE, SHORTER, LONG):
        seconds, peak, size, code = measure(rows, columns)
        print(
            f"{rows:>10,} rows x {columns:>5,} columns  {size:8,.0f} MB of CSV  {seconds:7.1f} s  {peak:7,.0f} MB"
        )
        missed += code != 0 or peak > MAX_MB
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
