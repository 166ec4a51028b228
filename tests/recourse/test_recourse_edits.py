from __future__ import annotations

import pandas as pd
import pytest

from audits.core.settings.recourse import RecourseSection
from audits.recourse.rules.edits import Violation, find_violations
from audits.recourse.rules.rules import RowLimits, build_rules

REFERENCE = pd.DataFrame(
    {
        "age": [20, 30, 40, 50],
        "years": [1, 5, 30, 30],
        "school": ["low", "low", "high", "high"],
        "school_num": [1, 1, 2, 2],
        "home": ["rent", "own", None, "rent"],
    },
    index=["a", "b", "c", "d"],
)
SECTION = {
    "immutable": ["age"],
    "steps": {"years": 5},
    "ranges": {"years": [0, 40]},
    "transitions": {"home": ["rent -> own"]},
    "links": {"school": "school_num"},
    "rules": ["years <= age - 16"],
}


def violations(row: str, edits: dict, limits=None) -> list[Violation]:
    rules = build_rules(RecourseSection(**SECTION), list(REFERENCE.columns), REFERENCE, limits)
    before = REFERENCE.loc[[row]]
    after = before.assign(**edits)
    return find_violations(rules, REFERENCE, before, after)


@pytest.mark.parametrize(
    ("row", "edits", "expected"),
    [
        ("a", {}, []),
        ("d", {"years": 25}, []),
        ("a", {"age": 21}, [Violation("immutable", "age")]),
        ("d", {"years": 24}, [Violation("steps", "years", "5")]),
        (
            "d",
            {"years": 45},
            [Violation("ranges", "years", "0 to 40"), Violation("rules", "", "years <= age - 16")],
        ),
        ("a", {"home": "own"}, []),
        ("b", {"home": "rent"}, [Violation("transitions", "home", "rent -> own")]),
        (
            "c",  # nobody knows where from: its home is missing
            {"home": "own", "years": 20},
            [Violation("transitions", "home", "rent -> own")],
        ),
        ("a", {"home": None}, [Violation("missing", "home")]),
        ("a", {"school": "high"}, [Violation("links", "school_num", "2")]),
        ("a", {"school": "high", "school_num": 2}, []),
        ("a", {"school_num": 2}, [Violation("links", "school_num")]),
        ("c", {}, [Violation("already", "", "years <= age - 16")]),  # 30 > 40 - 16 as read
        ("c", {"years": 25}, [Violation("already", "", "years <= age - 16")]),
        ("c", {"years": 35}, [Violation("rules", "", "years <= age - 16")]),
    ],
)
def test_every_broken_rule_is_named(row, edits, expected):
    assert violations(row, edits) == expected


def test_rules_for_the_row_alone_are_named():
    limits = {"d": RowLimits(frozenset({"home"}), {"years": (20.0, 30.0)})}
    assert violations("d", {"home": "own"}, limits) == [Violation("overrides", "home")]
    assert violations("d", {"years": 15}, limits) == [Violation("overrides", "years", "20 to 30")]
    assert violations("d", {"years": 25}, limits) == []
    assert violations("a", {"home": "own"}, limits) == []
