"""Anchors: rules that can be read, that hold for their row, and whose precision is counted."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import CheckSkippedError
from audits.explain.rules.anchor_codes import Coder
from audits.explain.rules.anchors import Anchor, NoAnchor, read_condition, search_anchors
from audits.explain.rules.conditions import InRange, IsValue, find_covered


def make_frame(n=800, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "savings": rng.choice(["none", "some", "much"], n).astype(object),
            "age": rng.integers(18, 80, n),
            "member": rng.random(n) < 0.5,
            "income": rng.normal(50, 10, n).round(1),
            "constant": 3,
            "town": pd.Categorical(rng.choice(["A", "B"], n), categories=["A", "B", "never"]),
            "empty": np.full(n, np.nan),
        }
    )
    frame.loc[rng.random(n) < 0.1, "income"] = np.nan
    frame.loc[rng.random(n) < 0.1, "savings"] = None
    return frame


def decide(rows):
    """Poor and young, or without known income, are turned down."""
    poor = (rows["savings"] == "none").to_numpy() & (rows["age"] <= 48).to_numpy()
    return np.where(poor | rows["income"].isna().to_numpy(), 0, 1)


def test_codes_come_back_as_the_rows():
    frame = make_frame()
    coder = Coder.make(frame)
    assert [column.name for column in coder.columns] == [
        "age",
        "income",
        "savings",
        "member",
        "town",
    ]
    pd.testing.assert_frame_equal(coder.decode(coder.codes), frame)


def test_thresholds_are_values_of_the_data():
    coder = Coder.make(pd.DataFrame({"x": [10.5, np.nan, 30.0, 20.0], "y": [1, 2, 3, 4]}))
    assert list(coder.codes[:, 0]) == [1, 0, 3, 2]
    cases = {
        "c0 > 1.75": InRange("x", 10.5, None, False),
        "c0 <= 2.00": InRange("x", None, 20.0, True),
        "c0 <= 0.25": InRange("x", None, None, True),
        "c0 > 0.00": InRange("x", None, None, False),
        "1.00 < c0 <= 2.25": InRange("x", 10.5, 20.0, False),
        "c1 <= 2.25": InRange("y", None, 2.0, False),
    }
    for text, expected in cases.items():
        assert read_condition(text, coder) == expected
        low, _, rest = text.rpartition(" < ")
        bound = float(rest.split()[-1])
        codes = coder.codes[:, int(text[text.index("c") + 1])]
        inside = codes > bound if ">" in text else codes <= bound
        if low:
            inside &= codes > float(low)
        frame = coder.decode(coder.codes)
        np.testing.assert_array_equal(expected.holds(frame), inside)
    with pytest.raises(ValueError, match="unknown way"):
        read_condition("x > 3", coder)


def test_conditions_read_as_sentences():
    assert InRange("age", 37.0, None, False).render() == "age > 37"
    assert InRange("age", 28.0, 37.0, False).render() == "28 < age ≤ 37"
    assert InRange("income", None, 1234567.0, True).render() == "income ≤ 1,234,567 or missing"
    assert InRange("income", None, None, True).render() == "income is missing"
    assert InRange("income", None, None, False).render() == "income is known"
    assert IsValue("savings", "none").render() == "savings = none"
    assert IsValue("savings", None).render() == "savings is missing"
    assert IsValue("member", False).render() == "member = no"


def search(frame, rows, **options):
    return search_anchors(decide, frame, frame.iloc[rows], np.random.default_rng(0), **options)


def brute_force_precision(conditions, frame, answer, n=20_000):
    """Return how often the decision stays on rows whose rule columns come together from a row
    where the rule holds and whose other columns come from any row."""
    rng = np.random.default_rng(1)
    named = [condition.feature for condition in conditions]
    inside = np.flatnonzero(find_covered(conditions, frame))
    base = frame.iloc[rng.integers(len(frame), size=n)].reset_index(drop=True)
    held = frame.iloc[rng.choice(inside, n)].reset_index(drop=True)
    return np.mean(decide(base.assign(**{name: held[name] for name in named})) == answer)


def test_rules_hold_for_their_row_and_keep_the_decision():
    pytest.importorskip("alibi")
    frame = make_frame()
    decided = decide(frame)
    rows = [*np.flatnonzero(decided == 0)[:6], *np.flatnonzero(decided == 1)[:6]]
    found = search(frame, rows)
    assert [item.position for item in found] == list(range(12))
    for item, row in zip(found, rows, strict=True):
        assert isinstance(item, Anchor)
        assert find_covered(item.conditions, frame.iloc[[row]]).all()
        measured = brute_force_precision(item.conditions, frame, decided[row])
        assert measured == pytest.approx(item.precision, abs=0.05 if item.reached else 0.2)
        assert item.coverage == pytest.approx(find_covered(item.conditions, frame).mean(), abs=0.03)
        assert not item.reached or measured > 0.93
    assert sum(item.reached for item in found) >= 10


def test_missing_may_be_the_rule():
    pytest.importorskip("alibi")
    frame = make_frame()
    rows = np.flatnonzero(frame["income"].isna() & (frame["savings"] != "none"))[:4]
    for item in search(frame, rows):
        assert item.reached
        assert [condition.render() for condition in item.conditions] == ["income is missing"]


def test_same_seed_same_rules_and_the_global_generator_is_left_alone(capsys):
    pytest.importorskip("alibi")
    frame = make_frame()
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    told = []
    first = search(frame, [0, 1, 2], progress=lambda share: (told.append(share), print("told")))
    np.testing.assert_array_equal(np.random.random(3), expected)
    assert search(frame, [0, 1, 2]) == first
    assert told == [1 / 3, 2 / 3, 1]
    assert capsys.readouterr().out == "told\n" * 3  # what we say is said, what alibi prints is not


def test_values_that_the_reference_lacks():
    pytest.importorskip("alibi")
    frame = make_frame()
    new = frame.iloc[[0]].assign(savings="a new kind", age=200)
    found = search_anchors(decide, frame, new, np.random.default_rng(0))[0]
    assert isinstance(found, Anchor)
    assert find_covered(found.conditions, new).all()


def test_spent_calls_and_time_are_named():
    pytest.importorskip("alibi")
    frame = make_frame()
    found = search(frame, [0], most_calls=2)[0]
    assert isinstance(found, NoAnchor)
    assert "within 2 calls" in found.reason
    late = search(frame, [0], seconds=0)[0]
    assert isinstance(late, NoAnchor)
    assert "within 0 s" in late.reason


def test_everybody_decided_alike_needs_no_condition():
    pytest.importorskip("alibi")
    frame = make_frame()
    found = search_anchors(
        lambda rows: np.ones(len(rows), dtype=int), frame, frame.head(1), np.random.default_rng(0)
    )[0]
    assert isinstance(found, Anchor)
    assert found.conditions == ()
    assert found.precision == found.coverage == 1.0


def test_constant_columns_have_no_rule():
    pytest.importorskip("alibi")
    frame = pd.DataFrame({"a": [1, 1], "b": ["x", "x"]})
    found = search_anchors(
        lambda rows: np.ones(len(rows), dtype=int), frame, frame.head(1), np.random.default_rng(0)
    )
    assert found == (NoAnchor(0, "every column holds one value only"),)


def test_without_alibi_the_check_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == "alibi":
            raise ModuleNotFoundError("No module named 'alibi'")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.split(".")[0] == "alibi"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(CheckSkippedError, match=r"requirements-alibi\.txt.*Business Source"):
        search(make_frame(20), [0])
