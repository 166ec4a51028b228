"""`make bench`: what people wait for again and again, each beside what it may take: one row through
a model's worker, an exact test of millions, a step of the offline report's slider with 500 groups."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "export"), str(ROOT / "tests" / "dashboard")]

from offline import choose, open_offline  # noqa: E402
from offline_runs import FEW_CHECKS, audit, make_rows  # noqa: E402
from real_browser import ARGUMENTS, find_chromium  # noqa: E402

from audits.cube.intervals.hypergeometric import compute_exact_test  # noqa: E402
from audits.export.html import render_html  # noqa: E402
from audits.models import open_model  # noqa: E402

MILLIONS = (1_000_000, 3_000_000, 1_003_000, 3_000_000)


def time_best(call: Callable[[], object], times: int) -> float:
    """Return the fewest milliseconds that a call took."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return 1000 * min(taken)


def time_one_row(folder: Path) -> float:
    """One row through the worker of a small LightGBM model."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 5)), columns=list("abcde"))
    data = lightgbm.Dataset(rows, rows["a"] > 0)
    lightgbm.train({"objective": "binary", "verbose": -1}, data, 4).save_model(folder / "model.txt")
    with open_model(folder / "model.txt") as client:
        client.predict(rows.head(1))
        return time_best(lambda: client.predict(rows.head(1)), 50)


def time_slider(folder: Path) -> float:
    """A step of the threshold in an offline report of 500 groups, in Chromium."""
    from playwright.sync_api import sync_playwright

    bundle = audit(folder, make_rows(9000, seed=3, towns=500), predictions='score = "score"',
                   more="max_groups = 2000", checks=FEW_CHECKS)  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        with open_offline(browser, render_html(bundle), folder) as page:
            choose(page, grouping=1)
            page.click(".by-group .more")
            steps = iter(range(30, 50))
            found = time_best(lambda: choose(page, threshold=next(steps)), 20)
        browser.close()
    return found


def measure(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield each moment, the milliseconds that it took and those that it may take."""
    yield "one row through the worker", time_one_row(folder), 20.0
    yield "an exact test of millions", time_best(lambda: compute_exact_test(*MILLIONS), 5), 500.0
    yield "the slider, 500 groups", time_slider(folder), 1000.0


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        missed = 0
        for what, took, most in measure(Path(name)):
            missed += took > most
            print(f"{what:28} {took:9.1f} ms, at most {most:6.0f} {'missed' * (took > most)}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
