"""Every rule says where it stands and how far that was checked; every number has its words."""

from __future__ import annotations

from audits.core.words.clauses import CLAUSES
from audits.core.words.metrics import describe


def test_every_clause_is_sourced_dated_and_marked() -> None:
    assert len({clause.rule for clause in CLAUSES}) == len(CLAUSES)
    for clause in CLAUSES:
        assert clause.title
        assert clause.meaning.endswith(".")
        assert clause.url.startswith("https://")
        how = {"read": "read in a copy", "known": "general knowledge"}[clause.basis]
        assert how in clause.source
        assert clause.as_of in clause.source
        # Nothing is passed off as a quotation.
        assert not set(clause.meaning) & set('"“”«»')


def test_no_clause_of_the_city_has_a_pass_mark() -> None:
    for clause in CLAUSES:
        if "RCNY" in clause.citation:
            assert "0.8" not in clause.meaning
            assert "four fifths" not in clause.meaning


def test_every_metric_of_the_rules_has_words(selection_run, scoring_run) -> None:
    for bundle in (selection_run, scoring_run):
        for item in bundle.report.measurements:
            if item.check in ("rules.local_law_144", "fairness.adverse_impact"):
                assert describe(item.metric).meaning, item.metric
