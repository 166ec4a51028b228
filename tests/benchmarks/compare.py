"""`make bench`: how often reruns that do not differ "got worse", and which harms are found.

Writes its tables into docs/compare.md. `--quick N` does N of each and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from audits.checks.builtin import CUBE_CHECKS
from audits.compare.comparison import SURE, Comparison, Way
from audits.compare.run import run_comparison
from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle
from sample_models.credit.generate import generate
from tests.compare.simulate import (
    NEAR,
    REFIT,
    SETTINGS,
    Setting,
    compare_harmed,
    compare_reruns,
    names_first,
)

CREDIT = Path(__file__).parents[2] / "sample_models" / "credit"
MODEL_ROWS, MODEL_RERUNS = 2000, 8
PAGE = Path(__file__).parents[2] / "docs" / "compare.md"
RERUNS, TRIES = 200, 20
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
        "a verdict turned for the worse |"
    )
    yield "| --- | ---: | ---: | ---: | ---: |"
    for place, (name, setting) in enumerate(SETTINGS.items()):
        worse, sure, turned = 0, 0, 0
        for rows in (1000, 2000):
            draw = np.random.default_rng([place, rows])
            part = count - count // 2 if rows == 1000 else count // 2
            with TemporaryDirectory(dir=folder) as here:
                for found in compare_reruns(setting, rows, part, draw, Path(here)):
                    worse += found.got_worse
                    sure += count_sure(found) > 0
                    turned += any(item.way is Way.WORSE for item in found.verdicts)
        yield f"| {name} | {count} | {worse} | {sure} | {turned} |"


def count_sure(found: Comparison) -> int:
    """Return how many numbers changed beyond noise, mirrored ones left out."""
    return sum(len(found.find(outcome)) for outcome in SURE)


def tabulate_model(count: int, folder: Path) -> Iterator[str]:
    """Yield a table of audits of the credit sample's saved model on fresh applications, each
    compared with the one before it."""
    yield "| model | reruns | got worse | any sure change | a verdict turned for the worse |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    worse, sure, turned = 0, 0, 0
    before = audit_fresh(folder / "model", 1000)
    for seed in range(1001, 1001 + count):
        after = audit_fresh(folder / f"model-{seed}", seed)
        found = run_comparison(before, after)
        worse += found.got_worse
        sure += count_sure(found) > 0
        turned += any(item.way is Way.WORSE for item in found.verdicts)
        before = after
    yield f"| credit, boosted trees | {count} | {worse} | {sure} | {turned} |"


def audit_fresh(folder: Path, seed: int) -> Bundle:
    """Audit the credit sample's model on new applications, in all that its counts can tell."""
    folder.mkdir()
    generate(MODEL_ROWS, seed).to_csv(folder / "test.csv", index=False)
    text = (CREDIT / "audit.toml").read_text(encoding="utf-8")
    for name in ("data/train.csv", "model/credit.skops"):
        text = text.replace(f'"{name}"', f'"{CREDIT / name}"')
    text = text.replace('"data/test.csv"', '"test.csv"')
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    return run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=CUBE_CHECKS)


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


TABLES: dict[str, tuple[Callable[[int, Path], Iterator[str]], int]] = {
    "null": (tabulate_null, RERUNS),
    "model": (tabulate_model, MODEL_RERUNS),
    "power": (tabulate_power, TRIES),
}


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
    """Print the tables, and write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", type=int, help="so many of each, and nothing is written")
    parser.add_argument("--only", choices=("null", "model", "power"))
    asked = parser.parse_args()
    made = {}
    with TemporaryDirectory() as folder:
        for name, (tabulate, count) in TABLES.items():
            if asked.only in (None, name):
                made[name] = show(tabulate(asked.quick or count, Path(folder)))
    if asked.quick is None:
        text = PAGE.read_text(encoding="utf-8")
        for name, table in made.items():
            text = replace_table(text, name, table)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
