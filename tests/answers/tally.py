"""Many scenarios audited, and how often what is said is false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audits.core.report.verdict import Status
from tests.answers.audit import run_case
from tests.answers.claims import list_claims
from tests.answers.generate import Harm, make_scenario
from tests.answers.hold import Falsehood, find_falsehoods, is_named_first
from tests.answers.truth import Truth


@dataclass(frozen=True, slots=True)
class Record:
    """One audit. made: its kinds of claims; false: those of its claims that are; harm: what had to
    be named first, None without one; named: whether it was; null: whether no group differs in what
    the rules compare; failed: whether a rule failed."""

    seed: int
    family: str
    policy: str
    made: frozenset[str]
    false: tuple[Falsehood, ...]
    harm: Harm | None
    named: bool | None
    rows: int
    null: bool
    failed: bool


def audit_seed(seed: int) -> Record:
    """Audit one scenario and hold its claims against the truth."""
    scenario = make_scenario(seed)
    with TemporaryDirectory() as folder:
        case = run_case(scenario, Path(folder))
        claims = list_claims(case)
        false = find_falsehoods(case, claims)
    truth = Truth(scenario, case.rows)
    harm = truth.must_find
    return Record(
        seed=seed,
        family=scenario.family,
        policy=scenario.policy,
        made=frozenset(claim.kind for claim in claims),
        false=tuple(false),
        harm=harm,
        named=is_named_first(truth, claims),
        rows=truth.count_rows(harm) if harm is not None else 0,
        null=truth.is_null,
        failed=any(v.status is Status.FAIL for v in case.run.report.verdicts),
    )


def audit_seeds(seeds: Iterable[int]) -> Iterator[Record]:
    """Audit many scenarios."""
    for seed in seeds:
        yield audit_seed(seed)


def count_false(records: Iterable[Record]) -> int:
    """Return how many audits make a false claim."""
    return sum(bool(record.false) for record in records)


def count_kinds(records: Iterable[Record]) -> dict[str, tuple[int, int]]:
    """Return by kind of claim in how many audits one is false, and in how many one is made."""
    known = list(records)
    made = Counter(kind for record in known for kind in record.made)
    false = Counter(kind for record in known for kind in {x.claim.kind for x in record.false})
    return {kind: (false[kind], made[kind]) for kind in sorted(made, key=lambda k: -false[k])}


def list_reasons(record: Record) -> list[str]:
    """Return what was said falsely, and what is true, a line each."""
    return [
        f"seed {record.seed}, {x.claim.kind} ({x.claim.surface}): {x.claim.said} But: {x.truth}."
        for x in record.false
    ]
