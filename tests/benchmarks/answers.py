"""`make bench`: how often what an audit says is false, written to docs/answers.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from audits.core.verdict import Status  # noqa: E402
from audits.policy.judge import compute_verdicts  # noqa: E402
from audits.policy.policy import load_policy  # noqa: E402
from tests.answers.power import Power, measure_all  # noqa: E402
from tests.answers.tally import (  # noqa: E402
    Record,
    audit_seed,
    count_false,
    count_kinds,
    list_reasons,
)
from tests.answers.test_agreement import (  # noqa: E402
    find_disagreements,
    list_decisions,
    list_twins,
    measure_scenario,
)

AUDITS, TWINS, AGREEMENTS, SAMPLES = 320, 200, 1000, 100
PAGE = ROOT / "docs" / "answers.md"
_BINARY = ("four-fifths", "equalized-odds")

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
    options = parser.parse_args()
    records = []
    for seed in range(options.audits):
        records.append(audit_seed(seed))
        for line in list_reasons(records[-1]):
            print(line, flush=True)
    parts = [_HEAD, *_tell_claims(records), *_tell_named(records)]
    parts += _tell_twins(options.twins)
    parts += _tell_agreement(options.agreements)
    parts += _tell_power(list(measure_all(options.samples)))
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _share(some: int, of: int) -> str:
    """Return "12 of 300 (4.0%; 95% interval 2.1% to 6.9%)"."""
    if not of:
        return "none"
    low, high = stats.binomtest(some, of).proportion_ci()
    return f"{some} of {of} ({some / of:.1%}; 95% interval {low:.1%} to {high:.1%})"


def _tell_claims(records: Sequence[Record]) -> list[str]:
    lines = ["## False claims", "", f"Audits with one: {_share(count_false(records), len(records))}.",
             "", "| claim | audits where it is false | audits that make it |", "|---|---|---|"]  # fmt: skip
    lines += [f"| {kind} | {false} | {made} |"
              for kind, (false, made) in count_kinds(records).items()]  # fmt: skip
    lines += ["", "| of | audits with a false claim |", "|---|---|"]
    for family in sorted({record.family for record in records}):
        own = [record for record in records if record.family == family]
        lines.append(f"| {family} | {_share(count_false(own), len(own))} |")
    return [*lines, ""]


def _tell_named(records: Sequence[Record]) -> list[str]:
    """Return how often the planted harm is named first, by its size and its rows."""
    known = [record for record in records if record.harm is not None]
    named = sum(bool(record.named) for record in known)
    lines = ["## Planted harms named first", "",
             "Harms of 10 points or more (in predictions: three tenths of a standard deviation) in "
             f"groups of 1,000 rows or more: {_share(named, len(known))}.", "",
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


def _tell_twins(many: int) -> list[str]:
    """Return how often audits without any difference fail, by preset."""
    failed = dict.fromkeys(_BINARY, 0)
    policies = {name: load_policy(name, None) for name in _BINARY}
    with TemporaryDirectory() as folder:
        for scenario in list_twins(many, 20_000):
            measured = measure_scenario(scenario, Path(folder))
            for name, policy in policies.items():
                verdicts = compute_verdicts(policy, measured)
                failed[name] += any(v.status is Status.FAIL for v in verdicts)
    lines = ["## Twins without any difference", "", "| preset | fails |", "|---|---|"]
    return [*lines, *(f"| {name} | {_share(n, many)} |" for name, n in failed.items()), ""]


def _tell_agreement(many: int) -> list[str]:
    """Return whether intervals and p-values contradict each other."""
    wrong = tests = 0
    with TemporaryDirectory() as folder:
        for scenario in list_decisions(many, 30_000):
            measured = measure_scenario(scenario, Path(folder))
            tests += sum(x.p_value is not None and x.estimate is not None for x in measured)
            wrong += len(find_disagreements(measured))
    return ["## Intervals and p-values", "",
            f"In {many:,} audits {tests:,} numbers have both; they disagree in {wrong:,}.", ""]  # fmt: skip


def _tell_power(powers: Sequence[Power]) -> list[str]:
    lines = ["## Power", "",
             "How often a gap in selection is found, beside the best pairwise test (pooled z tests of "
             "all pairs of judgeable groups, adjusted by Holm).", "",
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
