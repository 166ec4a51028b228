"""What reports, overviews and cards claim, held against what is true: a part of the audits that
`tests/benchmarks/answers.py` makes."""

from __future__ import annotations

import pytest

from tests.answers.tally import Record, audit_seeds, count_false, list_reasons

AUDITS = 30
MAX_FALSE = 5
"""Of 30 audits each with a false claim at a chance of 5%, more than 5 have one with a chance of
0.3%."""
MIN_NAMED = 0.8


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(audit_seeds(range(AUDITS)))


def test_claims_are_seldom_false(records: list[Record]) -> None:
    reasons = [line for record in records for line in list_reasons(record)]
    assert count_false(records) <= MAX_FALSE, "\n".join(reasons)


def test_what_no_sample_can_excuse_is_never_said(records: list[Record]) -> None:
    """Chance makes a finding false at times. Nothing makes two pages differ, decisions a model's,
    or a sign turn round."""
    never = {"same story", "no model", "chance", "nothing judged", "sign", "explains", "headline"}
    found = [line for record in records for line, x in zip(list_reasons(record), record.false,
             strict=True) if x.claim.kind in never]  # fmt: skip
    assert not found, "\n".join(found)


def test_planted_harms_are_named_first(records: list[Record]) -> None:
    wanted = [record for record in records if record.harm is not None]
    missed = [(record.seed, record.harm) for record in wanted if not record.named]
    assert len(wanted) >= 6
    assert len(missed) <= (1 - MIN_NAMED) * len(wanted), missed


def test_the_audits_are_of_many_kinds(records: list[Record]) -> None:
    assert {record.family for record in records} == {
        "decisions", "scores", "model", "multiclass", "regression"
    }  # fmt: skip
    assert sum(record.null for record in records) >= 5
