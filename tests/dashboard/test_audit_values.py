"""What values mean, as far as words say it and people do."""

from __future__ import annotations

import pytest

from audits.core.settings.recourse import Scalar
from audits.data.preview.preview import ColumnPreview
from audits.data.schema import Column
from dashboard.viewmodels.new_audit.audit_form import AuditForm
from dashboard.viewmodels.new_audit.audit_values import (
    choose_decision,
    find_values_problem,
    guess_meanings,
    list_outcomes,
    needs_meanings,
    offer_meanings,
    read_said,
    render_values,
)


def make(name: str, *values: Scalar) -> ColumnPreview:
    kind = "text" if isinstance(values[0], str) else "integer"
    column = Column(name, kind, missing=0, distinct=len(values))
    return ColumnPreview(column, values, (), (), tuple(range(1, len(values) + 1)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("no", "yes"), False),
        ((0, 1), False),
        (("no", "unknown"), True),
        ((9, 1), True),
        (("Yes", "yes"), True),
        (("a", "b", "c"), True),
        (("a",), False),
        (tuple("abcdefghijklm"), False),
    ],
)
def test_what_has_to_be_said(values: tuple[Scalar, ...], expected: bool) -> None:
    assert needs_meanings(make("y", *values)) is expected


def test_plain_words_say_which_is_favourable_and_nothing_else() -> None:
    assert guess_meanings(make("repaid", "No", "Refer", "Yes")) == {
        "No": "negative", "Yes": "positive",
    }  # fmt: skip
    assert guess_meanings(make("default", "no", "unknown", "yes")) == {
        "no": "positive", "yes": "negative",
    }  # fmt: skip
    assert guess_meanings(make("repaid", 0, 1, 9)) == {"0": "negative", "1": "positive"}
    assert guess_meanings(make("grade", "A", "B", "C")) == {}


def said_of(one: ColumnPreview, **meanings: str) -> AuditForm:
    return AuditForm(meanings={one.column.name: meanings})


def test_everything_has_to_be_said_once() -> None:
    one = make("y", "a", "b", "c")
    form = said_of(one, a="positive", b="positive", c="negative")
    assert "Both “a” and “b”" in find_values_problem(one, read_said(form, one))
    form = said_of(one, a="negative", b="drop", c="negative")
    assert "favourable one" in find_values_problem(one, read_said(form, one))
    form = said_of(one, a="positive", b="drop", c="missing")
    assert "unfavourable one" in find_values_problem(one, read_said(form, one))
    form = said_of(one, a="positive", b="spelled:c", c="spelled:b")
    assert "“b”, “c”" in find_values_problem(one, read_said(form, one))
    form = said_of(one, a="positive", b="spelled:c", c="negative")
    said = read_said(form, one)
    assert find_values_problem(one, said) == ""
    assert said.spellings == (("c", ("b",)),)
    assert list_outcomes(one, said) == ("c", "a")


def test_two_plain_decisions_may_be_left_open() -> None:
    one = make("decided", 0, 1)
    assert choose_decision(AuditForm(), one).positive is None
    assert choose_decision(said_of(one, **{"0": "positive"}), one).positive == 0
    assert find_values_problem(one, read_said(AuditForm(), one)) == ""


def test_what_is_offered() -> None:
    one = make("y", "No", "Yes", "Yes.")
    assert offer_meanings(one, "Yes.", is_decision=False) == (
        "positive", "negative", "missing", "drop", "spelled:Yes", "spelled:No",
    )  # fmt: skip
    assert "missing" not in offer_meanings(one, "Yes.", is_decision=True)
    numbers = make("y", 0, 1, 9)
    assert not any("spelled" in one for one in offer_meanings(numbers, 9, is_decision=False))
    assert "“Yes.” (3), “Yes” (2), “No” (1)" in render_values(one)
