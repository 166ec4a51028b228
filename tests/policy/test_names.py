"""Attributes and groups in a policy that an audit does not have are told before the work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audits.core.errors import InputError
from audits.policy.names import check_policy_names
from audits.policy.policy import load_policy

PROTECTED = ("sex", "race")
GROUPS = {"sex": ("Female", "Male"), "race": ("Black", "White"),
          "sex & race": ("Female & Black", "Female & White", "Male & Black")}  # fmt: skip
HEAD = 'name = "p"\ntitle = "t"\n[[rules]]\nname = "r"\ntitle = "T"\nmetric = "impact_ratio"\n'
WAIVER = '[[waivers]]\nrule = "r"\nreason = "x"\nowner = "Ann"\nexpires = 2027-12-31\n'


def write(folder: Path, limit: str, waiver: str = "") -> Path:
    path = folder / "mine.toml"
    path.write_text(f"{HEAD}fail_below = 0.8\n{limit}\n{WAIVER}{waiver}\n")
    return path


@pytest.mark.parametrize(
    ("limit", "waiver", "said"),
    [
        ('attribute = "Sex"', "", "line 8: rule 'r': attribute = 'Sex' is not a protected column "
         "of this audit; did you mean 'sex'?"),
        ('attribute = "age"', "", "line 8: rule 'r': attribute = 'age' is not a protected column "
         "of this audit (there are 'sex', 'race', 'sex & race')"),
        ('attribute = "race & sex"', "", "did you mean 'sex & race'?"),
        ('attribute = "sex"\ngroup = "female"', "", "line 9: rule 'r': group = 'female' is no "
         "group of 'sex'; did you mean 'Female'"),
        ('attribute = "sex & race"\ngroup = "Male & White"', "", "is no group of 'sex & race'"),
        ("", 'attribute = "sx"', "line 14: waiver of rule 'r': attribute = 'sx' is not"),
        ("", 'attribute = "race"\ngroup = "Asian"', "line 15: waiver of rule 'r': group = 'Asian' "
         "is no group of 'race' (there are 'Black', 'White')"),
    ],
)  # fmt: skip
def test_what_the_audit_lacks_is_named(limit: str, waiver: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, limit, waiver)
    with pytest.raises(InputError, match=re.escape(said)) as raised:
        check_policy_names(load_policy(None, path), PROTECTED, GROUPS, path)
    assert str(raised.value).startswith("mine.toml, line ")


@pytest.mark.parametrize("limit", ["", 'attribute = "sex"', 'attribute = "sex"\ngroup = "Male"',
                                   'attribute = "sex & race"\ngroup = "Male & Black"'])  # fmt: skip
def test_what_it_has_is_right(limit: str, tmp_path: Path) -> None:
    path = write(tmp_path, limit, limit)
    check_policy_names(load_policy(None, path), PROTECTED, GROUPS, path)


def test_groups_that_are_not_known_yet_are_not_looked_for(tmp_path: Path) -> None:
    path = write(tmp_path, 'attribute = "sex"\ngroup = "x"')
    check_policy_names(load_policy(None, path), PROTECTED, path=path)
    with pytest.raises(InputError, match="declares no protected columns"):
        check_policy_names(load_policy(None, path), (), path=path)
