"""No policy is wrong in silence: each fault is one line, with the file, the line and a way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from audits.core.errors import InputError
from audits.policy.file import parse_policy
from audits.policy.policy import load_policy
from tests.policy.wrong_policies import GAP, WRONG, Wrong, rule

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "ci" / "pol"


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_it_is_refused_in_one_line(wrong: Wrong, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(wrong.text)
    with pytest.raises(InputError) as raised:
        load_policy(None, path)
    message = str(raised.value)
    assert raised.value.exit_code == 2
    assert "\n" not in message
    assert message.startswith(f"mine.toml, line {wrong.line}: "), message
    assert [part for part in wrong.said if part not in message] == [], message


def test_there_are_forty_and_each_is_another() -> None:
    assert (
        len({wrong.name for wrong in WRONG}) == len({wrong.text for wrong in WRONG}) == len(WRONG)
    )
    assert len(WRONG) >= 40


def test_the_way_out_that_is_told_leads_out() -> None:
    """Where a message says "write KEY = VALUE for ..." the file is right once that is written."""
    told = 0
    for wrong in WRONG:
        with pytest.raises(InputError) as raised:
            parse_policy(wrong.text, "mine.toml")
        said = re.search(
            r"(?:write|did you mean) ((?:fail|warn)_\w+ = \d+\.\d+)(?: for|, with|\?)",
            str(raised.value),
        )
        if said is not None:
            lines = wrong.text.splitlines()
            lines[wrong.line - 1] = said[1]
            parse_policy("\n".join(lines), "mended.toml")
            told += 1
    assert told >= 8


BOUND = st.one_of(st.none(), st.integers(1, 99).map(lambda percent: percent / 100))


@given(fail=BOUND, warn=BOUND)
def test_bounds_stand_in_their_order_or_are_refused(fail: float | None, warn: float | None) -> None:
    for metric, side, sign in (("accuracy", "below", 1), (GAP.split('"')[1], "above", -1)):
        lines = [f'metric = "{metric}"']
        lines += [f"{word}_{side} = {value}" for word, value in (("fail", fail), ("warn", warn))
                  if value is not None]  # fmt: skip
        right = (fail, warn) != (None, None) and (
            fail is None or warn is None or sign * fail <= sign * warn
        )
        assert accepts('name = "p"\ntitle = "t"\n' + rule(*lines)) == right


@given(low_fail=BOUND, low_warn=BOUND, high_fail=BOUND, high_warn=BOUND)
def test_a_band_is_open_in_the_middle_or_refused(
    low_fail: float | None, low_warn: float | None, high_fail: float | None, high_warn: float | None
) -> None:
    given_ = {"fail_below": low_fail, "warn_below": low_warn, "warn_above": high_warn,
              "fail_above": high_fail}  # fmt: skip
    bounds = {key: value for key, value in given_.items() if value is not None}
    text = rule('metric = "selection_rate"', *(f"{key} = {v}" for key, v in bounds.items()))
    order = list(bounds.values())
    lower = [bounds[key] for key in ("fail_below", "warn_below") if key in bounds]
    upper = [bounds[key] for key in ("warn_above", "fail_above") if key in bounds]
    right = bool(bounds) and order == sorted(order)
    if lower and upper:
        right = right and max(lower) < min(upper)
    assert accepts('name = "p"\ntitle = "t"\n' + text) == right


def accepts(text: str) -> bool:
    try:
        parse_policy(text, "p.toml")
    except InputError:
        return False
    return True


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is absent")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contradictory", "line 7: rule 'air': fail_below = 0.9"),
        ("empty", "line 3: there are no rules"),
        ("extra", "line 10: unknown key 'waiver' in rule 'air'"),
        ("percent", "line 7: rule 'eod': fail_above = 10"),
        ("syntax", "line 2: not valid TOML"),
        ("unknown_metric", "line 6: rule 'tpr': metric = 'equal_oportunity_difference'"),
        ("acc", None),
        ("band", None),
    ],
)
def test_cases_of_others(name: str, said: str | None) -> None:
    path = CASES / f"{name}.toml"
    if said is None:
        load_policy(None, path)
        return
    with pytest.raises(InputError, match=re.escape(f"{name}.toml, {said}")):
        load_policy(None, path)
