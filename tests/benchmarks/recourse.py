"""`make bench`: recourse on rejected Adult rows, beside DiCE in an environment of its own.

DICE_ENVIRONMENT names a folder where that environment is kept between runs; without it, one is
made and thrown away; `--dice` leaves the growth with the rows out. Everybody has the same rows,
the same immutable columns, the same model (LightGBM, 200 trees), and is priced by the same cost
function.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from adult import DATA, train_booster

from audits.models import ModelClient, open_model
from audits.pipeline.run import SERVICES
from audits.recourse.columns import build_columns, encode_frame
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.goals import ReachScore
from audits.recourse.search.search import RecourseSearch
from audits.recourse.tables import tabulate_counterfactuals
from audits.recourse.worker.remote import WorkerScorer

SIZES = (1_000, 3_000, 10_000)
TARGET_SECONDS, TARGET_RATIO = 60, 300
SHARED_ROWS, ANSWERS = 100, 4
PEERS = {"random": SHARED_ROWS, "genetic": 20}
"""Rows that each method of DiCE gets: the genetic one takes minutes for a hundred."""
REPEATS = 5
"""How often the shared rows are searched before DiCE, and after it: DiCE takes a minute, in which
a machine's speed drifts."""
REFERENCE_ROWS = 5_000
IMMUTABLE = ("race", "sex")

Times = tuple[float, float, float]
"""Seconds, CPU seconds, and seconds until ready."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody found for some rows: the best answer's changes and cost, NaN where none.

    ready: seconds before the first row was asked about, once for a model and its data."""

    seconds: float
    cpu_seconds: float
    ready: float
    rows: int
    valid: int
    answers: int
    changes: np.ndarray
    costs: np.ndarray

    def render(self, name: str) -> str:
        each = self.seconds / self.rows
        found = np.count_nonzero(~np.isnan(self.costs))
        return (
            f"  {name:26} {each * 1000:9.1f} ms a row ({self.cpu_seconds / self.rows * 1000:.1f} ms "
            f"of CPU), {found} of {self.rows} rows, "
            f"{self.valid} of {self.answers} answers valid, median "
            f"{np.nanmedian(self.changes):.0f} changed columns, cost "
            f"{np.nanmedian(self.costs):.3f}; ready in {self.ready:.2f} s"
        )


def read_raw(part: str) -> pd.DataFrame:
    frame = pd.read_csv(DATA / f"adult_{part}.csv", keep_default_na=False, na_values=["?"])
    return frame.drop(columns="income")


def find(client: ModelClient, rows: pd.DataFrame, reference: pd.DataFrame, path: Path) -> Times:
    """Search, write the answers to disk; return seconds and CPU seconds of the search alone, and
    the seconds before it."""
    rules = ActionRules(immutable=frozenset(IMMUTABLE))
    began = time.perf_counter()
    search = RecourseSearch(
        client.predict, rows, reference, rules, ReachScore(0.5), delta_scorer=WorkerScorer(client),
        generator=np.random.default_rng(0), expected=len(rows),
    )  # fmt: skip
    started, used = time.perf_counter(), count_cpu(client)
    results = search.find(rows, answers=ANSWERS, budget_s=3600.0)
    seconds = time.perf_counter() - started, count_cpu(client) - used, started - began
    pq.write_table(tabulate_counterfactuals(results, list(rows.columns)), path)
    return seconds


def count_cpu(client: ModelClient) -> float:
    """Return the CPU seconds so far of this process and of the model's worker: what other work on
    the machine changes least."""
    fields = Path(f"/proc/{client._process.pid}/stat").read_text().rpartition(")")[2].split()
    worker = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + worker


def judge(
    client: ModelClient,
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    path: Path,
    seconds: Times,
) -> Answered:
    """Read answers from disk, predict them again and price them; `row` is a row's number."""
    table = pd.read_parquet(path)
    numbers = table["row"].astype(int).to_numpy()
    found = table[list(rows.columns)].replace("?", None)
    texts = rows.select_dtypes(exclude="number").columns
    for name in rows.columns:
        found[name] = found[name].astype(object if name in texts else rows[name].dtype)
    columns = build_columns(rows, reference)
    valid = client.predict(found)[:, 1] >= 0.5
    old, new = encode_frame(columns, rows)[numbers], encode_frame(columns, found)
    moved = (old != new) & ~(np.isnan(old) & np.isnan(new))
    costs = np.column_stack(
        [np.where(moved[:, i], np.where(np.isnan(new[:, i]), 1.0, c.cost(old[:, i], new[:, i])), 0)
         for i, c in enumerate(columns)]
    ).sum(axis=1)  # fmt: skip
    best = np.full((2, len(rows)), np.nan)
    for place in np.lexsort((costs, moved.sum(axis=1)))[::-1]:  # the last one written is the best
        if valid[place]:
            best[:, numbers[place]] = moved[place].sum(), costs[place]
    return Answered(*seconds, len(rows), int(valid.sum()), len(valid), *best)


def measure_growth(
    client: ModelClient, rejected: pd.DataFrame, reference: pd.DataFrame, at: Path
) -> float:
    """Print seconds for more and more rows; return those that a row of the most takes."""
    print(f"Adult, {ANSWERS} answers a row, LightGBM of 200 trees, {os.cpu_count()} cores")
    each: list[float] = []
    for size in SIZES:
        rows = rejected.iloc[:size].reset_index(drop=True)
        seconds = find(client, rows, reference, at)
        done = judge(client, rows, reference, at, seconds)
        each.append(done.seconds / size)
        print(done.render(f"{size:,} rows in {done.seconds:.1f} s"))
    print(f"  a row of {SIZES[-1]:,} takes {each[-1] / each[0]:.2f} times a row of {SIZES[0]:,}")
    print(f"  {SIZES[-1]:,} rows: {each[-1] * SIZES[-1]:.0f} s, target {TARGET_SECONDS} s")
    return each[-1]


def find_dice(folder: Path) -> Path | None:
    """Return a Python that has DiCE, making its environment where there is none; None where it
    cannot be installed."""
    home = Path(os.environ.get("DICE_ENVIRONMENT", folder / "dice"))
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    ready = subprocess.run(
        [python, "-c", "import dice_ml, pyarrow"], check=False, capture_output=True
    )
    if ready.returncode:
        install = [python, "-m", "pip", "install", "--quiet", "dice-ml", "lightgbm", "pyarrow"]
        done = subprocess.run(install, check=False, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"\nDiCE is left out, it cannot be installed: {reason}")
            return None
    return python


def ask_dice(python: Path, method: str, rows: pd.DataFrame, folder: Path) -> tuple[Path, Times]:
    """Run DiCE on the rows; return the file with its answers, its seconds and CPU seconds."""
    paths = [folder / f"{method}-rows.parquet", folder / f"{method}.parquet"]
    texts = list(rows.select_dtypes(exclude="number").columns)
    rows.fillna(dict.fromkeys(texts, "?")).to_parquet(paths[0])
    script = Path(__file__).with_name("dice_peer.py")
    command = [python, script, folder / "adult.txt", folder / "reference.parquet", paths[0],
               method, str(ANSWERS), paths[1]]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return paths[1], (said["seconds"], said["cpu_seconds"], said["ready"])


def compare_dice(
    client: ModelClient,
    rejected: pd.DataFrame,
    reference: pd.DataFrame,
    at: Path,
    many: float | None,
) -> None:
    """Print DiCE's numbers beside ours on the same rows, and the ratio of the throughputs.

    many: seconds that one of very many rows takes here, None where that was left out.
    """
    python = find_dice(at)
    if python is None:
        return
    texts = list(reference.select_dtypes(exclude="number").columns)
    reference.fillna(dict.fromkeys(texts, "?")).to_parquet(at / "reference.parquet")
    print(f"\nThe same rejected rows, {ANSWERS} answers each, race and sex fixed")
    for method, size in PEERS.items():
        shared = rejected.iloc[:SHARED_ROWS].reset_index(drop=True)
        path, rows = at / "own.parquet", shared.iloc[:size]
        times = [find(client, shared, reference, path) for _ in range(REPEATS)]
        peer = judge(client, rows, reference, *ask_dice(python, method, rows, at))
        times += [find(client, shared, reference, path) for _ in range(REPEATS)]
        own = judge(client, shared, reference, path, sorted(times)[REPEATS])
        print(own.render(f"assay, {SHARED_ROWS} rows"))
        slow, fast = (pick(times)[0] / SHARED_ROWS * 1000 for pick in (max, min))
        print(f"    the median of {len(times)} before and after DiCE, {fast:.1f} to {slow:.1f} ms")
        print(peer.render(f"DiCE {method}, {size} rows"))
        ratio = peer.seconds / peer.rows / (own.seconds / own.rows)
        work = peer.cpu_seconds / peer.rows / (own.cpu_seconds / own.rows)
        print(
            f"  throughput: {ratio:,.0f} times DiCE {method}, {work:,.0f} times by CPU "
            f"(target {TARGET_RATIO})"
        )
        if many is not None:
            ratio = peer.seconds / peer.rows / many
            print(f"  at the rate of {SIZES[-1]:,} rows: {ratio:,.0f} times DiCE {method}")
        same = ~np.isnan(peer.costs)
        fewer, cheaper = (
            float(np.median(mine[:size][same])) - float(np.median(theirs[same]))
            for mine, theirs in ((own.changes, peer.changes), (own.costs, peer.costs))
        )
        print(f"  on the median row {fewer:+.0f} changed columns and {cheaper:+.3f} of cost")


def main() -> int:
    if not DATA.is_dir():
        print("../shared/data, the real public data sets, is absent: nothing to measure")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train_booster(folder / "adult.txt", 200)
        train = read_raw("train")
        people = pd.concat([read_raw("test"), train], ignore_index=True)
        reference = train.sample(REFERENCE_ROWS, random_state=0)
        with open_model(folder / "adult.txt", services=SERVICES) as client:
            rejected = people[client.predict(people)[:, 1] < 0.5]
            find(client, rejected.iloc[:5_000], reference, folder / "own.parquet")  # warmed up
            many = None
            if "--dice" not in sys.argv:
                many = measure_growth(client, rejected, reference, folder / "own.parquet")
            compare_dice(client, rejected, reference, folder, many)
    return 0


if __name__ == "__main__":
    sys.exit(main())
