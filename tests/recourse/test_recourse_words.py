from __future__ import annotations

from dataclasses import replace

from audits.core.counterfactual import Change, Counterfactual, NoRecourse
from audits.recourse.words import render_counterfactual, render_no_recourse, render_value


def answer(*changes: Change) -> Counterfactual:
    return Counterfactual("1", 0, {}, changes, 1.0, 0.7, valid=True, plausible=True)


def test_one_two_and_three_changes():
    months, savings = Change("duration", 48, 36), Change("savings", "A61", "A65")
    owner = Change("owner", False, True)
    assert render_counterfactual(answer(months), "Approved") == (
        "Approved instead, if duration went from 48 to 36; everything else stays."
    )
    assert render_counterfactual(answer(months, savings), "Approved") == (
        "Approved instead, if duration went from 48 to 36 and savings from 'A61' to 'A65'; "
        "everything else stays."
    )
    assert render_counterfactual(answer(months, savings, owner), "Approved") == (
        "Approved instead, if duration went from 48 to 36, savings from 'A61' to 'A65' "
        "and owner from no to yes; everything else stays."
    )


def test_what_cannot_change_and_what_was_broken_before_is_named():
    cf = replace(answer(Change("duration", 48, 36)), broken_rules=("years <= age - 16",))
    assert render_counterfactual(cf, "Approved", ["age", "sex"]) == (
        "Approved instead, if duration went from 48 to 36; everything else stays "
        "(age, sex cannot change). The row itself breaks the rule 'years <= age - 16'; this does "
        "not make it worse."
    )


def test_values_as_people_write_them():
    values = [None, True, 36.0, 0.25, 7, "Köchin"]
    assert [render_value(v) for v in values] == ["missing", "yes", "36", "0.25", "7", "'Köchin'"]


def test_no_recourse_says_why_and_what_was_searched():
    none = NoRecourse("1", "No column may change.", "Nothing.")
    assert render_no_recourse(none, "Approved") == (
        "No way to 'Approved' was found. No column may change. Searched: Nothing."
    )
    proven = NoRecourse("1", "No column may change.", "Nothing.", proven=True)
    assert render_no_recourse(proven, "Approved") == (
        "Proven: there is no way to 'Approved'. No column may change. Searched: Nothing."
    )
