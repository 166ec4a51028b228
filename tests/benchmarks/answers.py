"""`make bench`: how often what an audit says is false, written to docs/answers.md."""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.answers.power import Power, measure_all  # noqa: E402
from tests.answers.tally import (  # noqa: E402
    Record,
    audit_seed,
    count_false,
    count_kinds,
    list_reasons,
)
from tests.answers.test_agreement import find_disagreements, list_audits  # noqa: E402
from tests.answers.twins import PRESETS, count_failures, measure_scenario  # noqa: E402

AUDITS, TWINS, AGREEMENTS, SAMPLES = 320, 200, 1000, 40
FIRST_TWIN, FIRST_AGREEMENT = 20_000, 30_000
Kept = TypeVar("Kept")
PAGE = ROOT / "docs" / "answers.md"

_HEAD = """# How often an answer is wrong

Written by `python tests/benchmarks/answers.py` (`make bench`); edit nothing here by hand.

Audits are generated of which the truth is known: what happens to every kind of person is stated,
and rows are drawn from that (`tests/answers`). What the report, the overview and the card claim is
read from them and held against it. A claim is false where the population says so: a group that
fails and is no worse off than anybody, a worst group beside one that is worse off by two points and
by two standard errors, a column without a part in the gap, a slice without more errors, thresholds
that widen the gap that they are offered against, no failure where a large group is harmed.
"""


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audits", type=int, default=AUDITS)
    parser.add_argument("--twins", type=int, default=TWINS)
    parser.add_argument("--agreements", type=int, default=AGREEMENTS)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--keep", type=Path, help="a folder of results that need not be made again")
    options = parser.parse_args()
    records = _keep(options.keep, "claims", lambda: list(_audit(options.audits)))
    twins = _keep(options.keep, "twins", lambda: _count_twins(options.twins))
    agreement = _keep(options.keep, "agreement", lambda: _count_agreement(options.agreements))
    powers = _keep(options.keep, "power", lambda: list(measure_all(options.samples)))
    parts = [_HEAD, *_describe_claims(records), *_describe_named(records), *_describe_twins(*twins),
             *_describe_agreement(*agreement), *_describe_power(powers)]  # fmt: skip
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _keep(folder: Path | None, name: str, make: Callable[[], Kept]) -> Kept:
    """Return what is kept of a part, else make it, and keep it where there is a folder."""
    file = None if folder is None else folder / f"{name}.pickle"
    if file is not None and file.exists():
        kept: Kept = pickle.loads(file.read_bytes())
        return kept
    made = make()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(made))
    return made


def _audit(many: int) -> Iterator[Record]:
    """Audit, and print what is false as soon as it is known."""
    for seed in range(many):
        record = audit_seed(seed)
        for line in list_reasons(record):
            print(line, flush=True)
        yield record


def _share(some: int, of: int) -> str:
    """Return "12 of 300 (4.0%; 95% interval 2.1% to 6.9%)"."""
    if not of:
        return "none"
    low, high = stats.binomtest(some, of).proportion_ci()
    return f"{some} of {of} ({some / of:.1%}; 95% interval {low:.1%} to {high:.1%})"


def _describe_claims(records: Sequence[Record]) -> list[str]:
    lines = ["## False claims", "", _describe_seeds(records), "",
             f"Audits with one: {_share(count_false(records), len(records))}.", "", "| claim | audits where it is false | audits that make it |", "|---|---|---|"]  # fmt: skip
    lines += [f"| {kind} | {false} | {made} |"
              for kind, (false, made) in count_kinds(records).items()]  # fmt: skip
    lines += ["", "| of | audits with a false claim |", "|---|---|"]
    for family in sorted({record.family for record in records}):
        own = [record for record in records if record.family == family]
        lines.append(f"| {family} | {_share(count_false(own), len(own))} |")
    return [*lines, ""]


def _describe_seeds(records: Sequence[Record]) -> str:
    seeds = [record.seed for record in records]
    return f"{len(seeds)} audits, seeds {min(seeds)} to {max(seeds)}."


def _describe_named(records: Sequence[Record]) -> list[str]:
    """Return how often the planted harm is named first, by its size and its rows."""
    known = [record for record in records if record.harm is not None]
    named = sum(bool(record.named) for record in known)
    lines = ["## Planted harms named first", "",
             "Harms of 10 points or more (in predictions: three tenths of a standard deviation) in "
             f"groups of 1,000 rows or more: {_share(named, len(known))}.", "",
             "Counted are those that a rule can see and that nobody rivals: 4 points or more beyond a "
             "bound, with another group of 1,000 rows or more to be compared with, and no other group "
             "with a gap of three fifths as much.", "",
             "| harm | rows | named first |", "|---|---|---|"]  # fmt: skip
    for low, high in ((0.1, 0.13), (0.13, 0.17), (0.17, 10.0)):
        for least, most in ((1000, 1600), (1600, 10**9)):
            own = [r for r in known
                   if r.harm and low <= r.harm.size < high and least <= r.rows < most]  # fmt: skip
            if own:
                size = (
                    f"{low * 100:.0f} points and over"
                    if high > 1
                    else f"{low * 100:.0f} to {high * 100:.0f} points"
                )
                rows = f"{least:,} and over" if most > 10**8 else f"{least:,} to {most:,}"
                lines.append(
                    f"| {size} | {rows} | {_share(sum(bool(r.named) for r in own), len(own))} |"
                )
    return [*lines, ""]


def _count_twins(many: int) -> tuple[int, dict[str, int]]:
    """Return of how many twins of each kind some fail, by preset."""
    failed: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        for family in PRESETS:
            failed |= count_failures(many, FIRST_TWIN, family, Path(folder))
    return many, failed


def _describe_twins(many: int, failed: Mapping[str, int]) -> list[str]:
    """Return how often audits without any difference fail, by preset."""
    lines = ["## Twins without any difference", "",
             f"For each preset {many} audits, the first of their kind from seed {FIRST_TWIN:,} on in "
             "which no group differs from another; they fail where any verdict on any group does.",
             "", "| preset | fails |", "|---|---|"]  # fmt: skip
    return [*lines, *(f"| {name} | {_share(n, many)} |" for name, n in failed.items()), ""]


def _count_agreement(many: int) -> tuple[int, int, int]:
    """Return of how many audits how many numbers have both, and in how many they disagree."""
    wrong = tests = 0
    with TemporaryDirectory() as folder:
        for scenario in list_audits(many, FIRST_AGREEMENT):
            measured = measure_scenario(scenario, Path(folder))
            tests += sum(x.p_value is not None and x.estimate is not None for x in measured)
            found = find_disagreements(measured)
            wrong += len(found)
            for line in found:
                print(f"seed {scenario.seed}: {line}", flush=True)
    return many, tests, wrong


def _describe_agreement(many: int, tests: int, wrong: int) -> list[str]:
    return ["## Intervals and p-values", "",
            f"In {many:,} audits (seeds {FIRST_AGREEMENT:,} to {FIRST_AGREEMENT + many - 1:,}; "
            "decisions, scores, several classes and numbers, measured group by group) "
            f"{tests:,} numbers have both an interval and a p-value. One excludes no difference "
            f"and the other does not in {wrong:,}.", ""]  # fmt: skip


def _describe_power(powers: Sequence[Power]) -> list[str]:
    lines = ["## Power", "",
             f"How often a gap in selection is found in {powers[0].samples} samples of each setting, "
             "beside the best pairwise test (pooled z tests of all pairs of judgeable groups, "
             "adjusted by Holm).", "",
             "| groups | tiny groups | rows each | selected | gap | Assay | pairwise |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for power in powers:
        own = power.setting
        lines.append(
            f"| {own.groups} | {own.tiny} | {own.rows:,} | {own.base:.0%} | {own.gap * 100:.0f} points "
            f"| {power.found / power.samples:.0%} | {power.pairwise / power.samples:.0%} |"
        )
    found, pairwise = sum(p.found for p in powers), sum(p.pairwise for p in powers)
    return [
        *lines,
        "",
        f"Over all settings: {found / max(pairwise, 1):.0%} of the pairwise test's.",
    ]


if __name__ == "__main__":
    main()
