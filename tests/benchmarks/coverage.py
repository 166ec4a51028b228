"""`make bench`: the simulated coverage of every kind of interval, written to docs/coverage.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.simulated.cases import list_cases  # noqa: E402
from tests.simulated.case import Tally, run_case  # noqa: E402

SAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for case in list_cases():
        if options.only in f"{case.kind}|{case.metric}|{case.setting}":
            start = time.perf_counter()
            tally = run_case(case, options.samples, 0)
            print(f"{case.kind:18} {case.metric:34} {case.setting:36} {case.events:8.1f} "
                  f"{tally.coverage:.3f} {tally.verdict:5} {tally.samples} {time.perf_counter()-start:.1f}s", flush=True)


if __name__ == "__main__":
    main()
