from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from audits.core.settings.rule_text import (
    ColumnRule,
    Is,
    Linear,
    Moves,
    RuleTextError,
    parse_moves,
    parse_rule,
)


@pytest.mark.parametrize(
    ("text", "when", "then"),
    [
        (
            "employment_years <= age - 16",
            (),
            (Linear((("employment_years", 1.0), ("age", -1.0)), 16.0, "<="),),
        ),
        ("2*a + b * 3 > 10", (), (Linear((("a", -2.0), ("b", -3.0)), 10.0, "<"),)),
        ("-a >= -.5", (), (Linear((("a", 1.0),), -0.5, "<="),)),
        ("`hours per week` == 1e2", (), (Linear((("hours per week", 1.0),), -100.0, "="),)),
        ("job != 'nurse'", (), (Is("job", "nurse", True),)),
        (
            "if education changes then education_num changes",
            (Moves("education", "changes"),),
            (Moves("education_num", "changes"),),
        ),
        (
            'if größe rises and job = "a b" then b stays and c <= 3',
            (Moves("größe", "rises"), Is("job", "a b", False)),
            (Moves("b", "stays"), Linear((("c", 1.0),), -3.0, "<=")),
        ),
    ],
)
def test_rules_as_people_write_them(text, when, then):
    assert parse_rule(text) == ColumnRule(text, when, then)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "character 1: expected a number or a column, the rule ends"),
        ("a <= b -", "character 9: expected a number or a column, the rule ends"),
        ("a b", "character 3: expected a comparison (<=, <, >=, >, =, !=), found 'b'"),
        ("a <= b c", "character 8: expected the end of the rule, found 'c'"),
        ("a * b <= 3", "character 5: expected a number times a column"),
        ("a <= b; import os", "character 7, ';', belongs to no rule"),
        ("__import__('os')", "character 11, '(', belongs to no rule"),
        ("if a changes", "character 13: expected 'and' or 'then', the rule ends"),
        ("a changes", "character 1: 'changes' needs an 'if ... then ...'"),
        ("job <= 'x'", "character 5: expected '=' or '!='"),
        ("a - a <= 3", "character 1: the comparison depends on no column"),
        ("if a then b changes", "character 6: expected a comparison or one of changes, stays"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, said):
    with pytest.raises(RuleTextError) as error:
        parse_rule(text)
    assert said in str(error.value)
    assert repr(text) in str(error.value)


@given(st.text(alphabet="ab 1.*+-<=!'`ifthenands", max_size=30))
def test_any_text_is_read_or_refused_and_nothing_else(text):
    try:
        rule = parse_rule(text)
    except RuleTextError as error:
        assert "character" in str(error)
    else:
        assert rule.columns


def test_transitions_go_forward_along_the_arrows():
    assert parse_moves("rent -> own") == (("rent", "own"),)
    assert parse_moves("a->b -> c d") == (("a", "b"), ("a", "c d"), ("b", "c d"))
    for text in ("rent", "rent ->", "-> own", "a -> a"):
        with pytest.raises(RuleTextError, match=r"->|twice"):
            parse_moves(text)
