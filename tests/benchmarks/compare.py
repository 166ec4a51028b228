"""`make bench`: how often reruns that do not differ "got worse", and which harms are found.

Writes both tables into docs/compare.md. `--quick N` does N of each and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from audits.compare.comparison import Way
from audits.compare.run import count_sure
from tests.compare.simulate import (
    NEAR,
    REFIT,
    SETTINGS,
    Setting,
    compare_harmed,
    compare_reruns,
    names_first,
)

PAGE = Path(__file__).parents[2] / "docs" / "compare.md"
RERUNS, TRIES = 200, 40
ROWS, DROPS = (1000, 2000, 5000, 20_000), (0.02, 0.05, 0.10)
BASES = {
    "the same people, the same model": Setting(NEAR, 1.0),
    "the same people, the model fitted anew": Setting(NEAR, REFIT),
    "fresh people": Setting(NEAR),
}


def tabulate_null(count: int, folder: Path) -> Iterator[str]:
    """Yield a table of how many of `count` reruns got worse in each setting; half have 1,000
    rows, half 2,000."""
    yield (
        "| setting | reruns | got worse | any sure change, for better or worse | "
        "a verdict turned for the worse | numbers that count |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for place, (name, setting) in enumerate(SETTINGS.items()):
        worse, sure, turned, tested = 0, 0, 0, []
        for rows in (1000, 2000):
            draw = np.random.default_rng([place, rows])
            part = count - count // 2 if rows == 1000 else count // 2
            with TemporaryDirectory(dir=folder) as here:
                for found in compare_reruns(setting, rows, part, draw, Path(here)):
                    worse += found.got_worse
                    sure += count_sure(found) > 0
                    turned += any(item.way is Way.WORSE for item in found.verdicts)
                    tested.append(found.tested)
        yield f"| {name} | {count} | {worse} | {sure} | {turned} | {np.mean(tested):.0f} |"


def tabulate_power(tries: int, folder: Path) -> Iterator[str]:
    """Yield a table of how often the harmed group is named first."""
    yield "| runs | rows | " + " | ".join(f"{drop * 100:.0f} points" for drop in DROPS) + " |"
    yield "| --- | ---: |" + " ---: |" * len(DROPS)
    for name, setting in BASES.items():
        for rows in ROWS:
            named = np.zeros(len(DROPS))
            for seed in range(tries):
                draw = np.random.default_rng([seed, rows])
                with TemporaryDirectory(dir=folder) as here:
                    found = compare_harmed(setting, rows, DROPS, draw, Path(here))
                    named += [names_first(item, "F") for item in found]
            shares = " | ".join(f"{100 * share:.0f}%" for share in named / tries)
            yield f"| {name} | {rows:,} | {shares} |"


def replace_table(text: str, name: str, table: str) -> str:
    """Return a page with the table between `<!-- name -->` and `<!-- /name -->` replaced."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, rest = text.split(start, 1)
    return f"{before}{start}{table}\n{end}{rest.split(end, 1)[1]}"


def show(lines: Iterator[str]) -> str:
    """Print lines as they come, and return them together."""
    told = []
    for line in lines:
        print(line, flush=True)
        told.append(line)
    return "\n".join(told)


def main() -> None:
    """Print both tables, and write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", type=int, help="so many of each, and nothing is written")
    parser.add_argument("--only", choices=("null", "power"))
    asked = parser.parse_args()
    made = {}
    with TemporaryDirectory() as folder:
        if asked.only != "power":
            made["null"] = show(tabulate_null(asked.quick or RERUNS, Path(folder)))
        if asked.only != "null":
            made["power"] = show(tabulate_power(asked.quick or TRIES, Path(folder)))
    if asked.quick is None:
        text = PAGE.read_text(encoding="utf-8")
        for name, table in made.items():
            text = replace_table(text, name, table)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
