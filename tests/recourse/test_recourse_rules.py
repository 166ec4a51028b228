from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from audits.core.errors import InputError
from audits.core.settings.recourse import RecourseSection
from audits.recourse.columns import build_columns
from audits.recourse.rules.rules import ActionRules, build_rules

FRAME = pd.DataFrame(
    {
        "age": [20, 30, 40],
        "job": ["clerk", None, "nurse"],
        "owner": [True, False, True],
        "größe": [1.5, np.nan, 2.5],
    }
)


def test_rules_are_taken_from_the_settings():
    section = RecourseSection(
        immutable=("job",),
        increase_only=("age",),
        decrease_only=("owner",),
        ranges={"größe": (1, 2)},
    )
    rules = build_rules(section, list(FRAME.columns), FRAME)
    assert rules == ActionRules(
        frozenset({"job"}), frozenset({"age"}), frozenset({"owner"}), {"größe": (1.0, 2.0)}
    )


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"immutable": ("agee",)},
            "recourse.immutable: the data has no column 'agee'; did you mean 'age'?",
        ),
        (
            {"ranges": {"xyz": (0, 1)}},
            "recourse.ranges: the data has no column 'xyz'; the columns are",
        ),
        (
            {"immutable": ("age",), "increase_only": ("age",)},
            "'age' is in both immutable and increase_only",
        ),
        (
            {"increase_only": ("age",), "decrease_only": ("age",)},
            "both increase_only and decrease_only",
        ),
        ({"immutable": ("age",), "ranges": {"age": (0, 1)}}, "both immutable and ranges"),
        ({"increase_only": ("job",)}, "recourse.increase_only: column 'job' does not hold numbers"),
        ({"ranges": {"owner": (0, 1)}}, "recourse.ranges: column 'owner' does not hold numbers"),
        ({"ranges": {"age": (50, 30)}}, "'age' goes from 50 down to 30"),
    ],
)
def test_unusable_rules_are_refused_in_one_line(section, said):
    with pytest.raises(InputError) as error:
        build_rules(RecourseSection(**section), list(FRAME.columns), FRAME)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_rule_may_name_a_column_that_the_model_does_not_use():
    assert build_rules(RecourseSection(immutable=("job",)), ["age"], FRAME).immutable == {"job"}


@pytest.mark.parametrize(
    ("column", "old", "new", "allowed"),
    [
        ("free", 1, 2, True),
        ("free", "a", "b", True),
        ("free", None, "b", True),
        ("free", "a", None, False),
        ("free", float("nan"), None, True),
        ("fixed", 1, 1, True),
        ("fixed", 1, 2, False),
        ("fixed", None, 2, False),
        ("up", 1, 2, True),
        ("up", 2, 1, False),
        ("up", False, True, True),
        ("up", None, 1, False),
        ("down", 2, 1, True),
        ("down", 1, 2, False),
        ("bounded", 99, 5, True),
        ("bounded", 99, 98, False),
        ("bounded", 99, 99, True),
        ("bounded", None, 5, True),
    ],
)
def test_allows(column, old, new, allowed):
    rules = ActionRules(
        frozenset({"fixed"}), frozenset({"up"}), frozenset({"down"}), {"bounded": (0, 10)}
    )
    assert rules.allows(column, old, new) is allowed


@given(
    old=st.sampled_from([20, 25, 30, 40, 99]),
    new=st.sampled_from([20, 30, 40]),
    rule=st.sampled_from(["none", "immutable", "increase_only", "decrease_only", "range"]),
)
def test_the_rule_for_many_values_is_the_rule_for_one(old, new, rule):
    named = frozenset({"age"})
    rules = {
        "none": ActionRules(),
        "immutable": ActionRules(immutable=named),
        "increase_only": ActionRules(increase_only=named),
        "decrease_only": ActionRules(decrease_only=named),
        "range": ActionRules(ranges={"age": (25.0, 35.0)}),
    }[rule]
    column = build_columns(FRAME[["age"]], FRAME)[0]
    many = rules.compute_allowed(column, np.array([float(old)]), np.array([float(new)]))
    assert bool(many[0]) == (rules.allows("age", old, new) and old != new)
