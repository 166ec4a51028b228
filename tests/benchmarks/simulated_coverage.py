"""`make bench`: the simulated coverage of every kind of interval, written to docs/coverage.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.simulated.case import ENOUGH, LEAST, MOST, Tally, compute_exact_interval, run_case  # noqa: E402
from tests.simulated.cases import list_cases  # noqa: E402
from tests.simulated.limits import find_reason  # noqa: E402

SAMPLES = 1000
PAGE = ROOT / "docs" / "coverage.md"

_HEAD = f"""# How often intervals hold the truth

Written by `python tests/benchmarks/simulated_coverage.py` (`make bench`); edit nothing here by hand.

Each line is one kind of number. Samples are drawn from populations of which everything is known,
the code of an audit makes their 95% intervals, and it is counted how many hold the true number. In
brackets the simulation's own 95% interval (Clopper and Pearson). Asked for is at least
{LEAST:.0%} wherever {ENOUGH:.0f} of the rarest thing that a number counts are expected, and where
groups are of like size at most {MOST:.1%}: an interval that always holds the truth says too little.
A setting misses where the simulation's own 99% interval lies outside; what limits it stands below.
Of hundreds of settings one or two are listed by chance, and the lowest and highest of a line's
settings go astray by chance as well.
"""


def main() -> None:
    """Run the cases and write the page; with --only, print some cases and write nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--only", default="", help="part of a case's name")
    options = parser.parse_args()
    tallies = []
    for case in list_cases():
        if options.only in f"{case.kind}|{case.metric}|{case.setting}":
            tally = run_case(case, options.samples, seed=0)
            tallies.append(tally)
            print(f"{case.kind:24} {case.metric:38} {case.setting:44} {case.events:9.1f} "
                  f"{tally.coverage:6.3f} {tally.samples:5} {tally.verdict}", flush=True)  # fmt: skip
    if not options.only:
        PAGE.write_text(render_page(tallies), encoding="utf-8")


def render_page(tallies: Sequence[Tally]) -> str:
    """Return the page in Markdown."""
    enough = [tally for tally in tallies if tally.case.events >= ENOUGH]
    rare = [tally for tally in tallies if tally.case.events < ENOUGH]
    missed = [tally for tally in enough if tally.verdict]
    parts = [_HEAD, f"{len(tallies)} settings, {sum(t.samples for t in tallies):,} samples.", ""]
    parts += ["## Where enough is expected", "", *_tabulate(enough), ""]
    parts += ["## Where it misses", "", *_list_missed(missed), ""]
    parts += [f"## Where fewer than {ENOUGH:.0f} are expected", ""]
    parts += ["Nothing is asked for here; small groups are not judged.", "", *_tabulate(rare), ""]
    return "\n".join(parts)


def _tabulate(tallies: Sequence[Tally]) -> Iterator[str]:
    yield "| kind | number | method | settings | events | samples | coverage | lowest | highest |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    by_number: dict[tuple[str, str], list[Tally]] = {}
    for tally in tallies:
        by_number.setdefault((tally.case.kind, tally.case.metric), []).append(tally)
    for (kind, metric), own in by_number.items():
        samples, hits = sum(t.samples for t in own), sum(t.hits for t in own)
        low, high = compute_exact_interval(hits, samples)
        by_coverage = sorted(own, key=lambda tally: tally.coverage)
        yield (
            f"| {kind} | {metric} | {own[0].method} | {len(own)} "
            f"| {min(t.case.events for t in own):,.0f}+ | {samples:,} "
            f"| {hits / samples:.1%} ({low:.1%} to {high:.1%}) "
            f"| {by_coverage[0].coverage:.1%} | {by_coverage[-1].coverage:.1%} |"
        )


def _list_missed(missed: Sequence[Tally]) -> Iterator[str]:
    if not missed:
        yield "Nowhere."
    for tally in missed:
        case, (low, high) = tally.case, tally.interval
        yield (
            f"- **{case.metric}**, {case.kind}, {case.setting}: {tally.coverage:.1%} "
            f"({low:.1%} to {high:.1%}), too {tally.verdict}. {find_reason(case, tally.verdict)}"
        )


if __name__ == "__main__":
    main()
