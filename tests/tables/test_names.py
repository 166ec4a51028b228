"""Any name of a column is legal: audited whole, every number of a group is a count by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from audits.checks.builtin import BUILTIN
from audits.core.errors import InputError
from audits.core.groups import JOIN, name_group_column, split_crossed, split_group
from audits.core.report.report import CheckStatus
from audits.data.sql import decode_name, encode_name
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from audits.store.bundle import Bundle

GROUPS = ("a", "b", "b", "a", "b", "b", "a", "a")
OTHERS = ("u", "u", "v", "v", "u", "v", "u", "v")
TRUE = (1, 0, 1, 1, 0, 0, 1, 0)
SCORES = (0.75, 0.25, 0.5, 0.125, 0.875, 0.375, 0.625, 0.0)
TIMES = 10

CHECKS = tuple(
    check
    for check in BUILTIN
    if check.code in ("data.profile", "performance.overall", "performance.groups",
                      "fairness.disparities", "fairness.gaps", "fairness.consistency")
)  # fmt: skip

NAMES = [
    "count", "y", "s", "w", "p", "r", "t", "k", "h", "g", "n", "c0", "k0", "a0", "column0", "row",
    "y_true", "y_pred", "y_score", "weight", "score_bin", "score_sum", "weight_squared",
    "y_score[1]", "group[count]", "group[", "__assay_row", "assay_key", "__position", "position", "text x", "key", "place",
    "rows", "part", "select", "from", "d", "assay_rows", "with blank", "& b", "R & D",
    'a "quoted" name', "it's", "two\nlines", "a.b.c", "a,b", "größe", "性別", "🙂", "x" * 300,
    "%s {0}", "\\", "Sex", "null", "1", "-", "a=b", "(missing)", "feature[x]", "base", "output",
]  # fmt: skip


def write_rows(folder: Path, names: Sequence[str]) -> None:
    """Write a table with two columns of groups called so."""
    with (folder / "d.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "the outcome", "the score"])
        writer.writerows(list(zip(GROUPS, OTHERS, TRUE, SCORES, strict=True)) * TIMES)


def audit(folder: Path, names: Sequence[str], more: str = "") -> Bundle:
    quoted = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
    (folder / "audit.toml").write_text(
        f'[audit]\nname = "x"\n[data]\npath = "d.csv"\ntarget = "the outcome"\npositive = "1"\n'
        f'protected = [{quoted}]\n{more}\n[predictions]\nscore = "the score"\n',
        encoding="utf-8",
    )
    return run_audit(folder / "audit.toml", folder / "run", checks=CHECKS)


def check_counts(bundle: Bundle, attribute: str, members: Sequence[Sequence[str]]) -> None:
    """Compare every group's rows, rates and errors with a count of the rows as they were written;
    members: each row's group, of one attribute or of two."""
    labels = [JOIN.join(one) for one in members]
    for label in set(labels):
        inside = [n for n, own in enumerate(labels) if own == label]
        selected = [SCORES[n] >= 0.5 for n in inside]
        right = [chosen == bool(TRUE[n]) for n, chosen in zip(inside, selected, strict=True)]
        expected = {
            "count": TIMES * len(inside),
            "selection_rate": sum(selected) / len(inside),
            "accuracy": sum(right) / len(inside),
        }
        for metric, value in expected.items():
            found = bundle.report.find(metric, attribute=attribute)
            own = [item.value for item in found if item.group == label and item.slice is None]
            assert own == [pytest.approx(value)], (metric, label)


def check_whole(bundle: Bundle, names: Sequence[str]) -> None:
    failed = [c for c in bundle.report.checks if c.status is CheckStatus.ERROR]
    assert not failed, [(c.code, c.reason) for c in failed]
    check_counts(bundle, names[0], [(g,) for g in GROUPS])
    check_counts(bundle, names[1], [(g,) for g in OTHERS])
    check_counts(bundle, JOIN.join(names), list(zip(GROUPS, OTHERS, strict=True)))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_a_column_may_be_called_anything(name: str, tmp_path: Path) -> None:
    names = (name, "other group")
    write_rows(tmp_path, names)
    check_whole(audit(tmp_path, names), names)


@pytest.mark.parametrize("names", [
    ("Sex", "sex"), ("sex", "SEX"), ("É", "é"), ("count", "Count"), ("row", "Row"),
    ("y_true", "y_pred"), ("group[row]", "row"), ("a", "a "), ("R & D", "D"), ("Y", "y"),
])  # fmt: skip
def test_names_that_are_nearly_the_same_are_two(names: tuple[str, str], tmp_path: Path) -> None:
    if names == ("a", "a "):
        names = ("a", "a.")
    write_rows(tmp_path, names)
    bundle = audit(tmp_path, names)
    check_whole(bundle, names)
    assert not recompute_problems(bundle)
    held = pq.read_schema(bundle.evidence_path("predictions.parquet")).names
    assert [name_group_column(name) for name in names] == held[-2:]
    assert len(set(held)) == len(held)


def test_groups_may_hold_what_joins_two(tmp_path: Path) -> None:
    write_rows(tmp_path, ("one", "two"))
    text = (tmp_path / "d.csv").read_text()
    (tmp_path / "d.csv").write_text(text.replace("\na,", "\na & z,"))
    bundle = audit(tmp_path, ("one", "two"))
    groups = ["a & z" if g == "a" else g for g in GROUPS]
    check_counts(bundle, "one", [(g,) for g in groups])
    check_counts(bundle, "one & two", list(zip(groups, OTHERS, strict=True)))


def test_two_intersections_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(
        "one,two,the outcome,the score\n" + "x,y & z,1,0.5\nx & y,z,0,0.25\nx,z,1,0.75\n" * 9
    )
    with pytest.raises(InputError, match="would be called 'x & y & z'; rename a group"):
        audit(tmp_path, ("one", "two"))


def test_a_column_called_as_an_intersection_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path, ("a", "b"))
    text = (tmp_path / "d.csv").read_text().splitlines()
    lines = [f"{'a & b' if n == 0 else 'q'},{line}" for n, line in enumerate(text)]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="'a & b' has the name of an intersection"):
        audit(tmp_path, ("a", "b", "a & b"))


def test_a_name_with_the_reserved_character_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path, ("a\ue000", "b"))
    with pytest.raises(InputError, match=r"U\+E000"):
        audit(tmp_path, ("a\ue000", "b"))


def test_unused_columns_of_any_name_are_read_too(tmp_path: Path) -> None:
    names = ["one", "two"]
    write_rows(tmp_path, names)
    lines = (tmp_path / "d.csv").read_text().splitlines()
    odd = ["Sex", "sex", "SEX", "", "row", "y_true", "h", "p", "n", "t"]
    head = ",".join(odd) + "," + lines[0]
    values = ",".join(str(n) for n, _ in enumerate(odd))
    (tmp_path / "d.csv").write_text("\n".join([head, *(f"{values},{x}" for x in lines[1:])]))
    check_whole(audit(tmp_path, names), names)


@given(st.text(max_size=12).filter(lambda text: "\ue000" not in text), st.text(max_size=12))
def test_names_inside_the_database_differ_as_the_data_s_do(one: str, other: str) -> None:
    assert decode_name(encode_name(one)) == one
    if one != other and "\ue000" not in other:
        folded = [encode_name(name).translate(_LOWER) for name in (one, other)]
        assert folded[0] != folded[1]


_LOWER = {code: code + 32 for code in range(65, 91)}


@given(st.lists(st.sampled_from([*NAMES, "group[row]", "group[group[row]]"]), unique=True))
def test_columns_of_groups_never_meet(names: list[str]) -> None:
    assert len({name_group_column(name) for name in names}) == len(names)


@given(
    st.lists(st.sampled_from(["a", "b", "a & b", "c", "b & c", "x & y"]), min_size=2, unique=True)
)
def test_intersections_are_split_as_they_were_joined(names: list[str]) -> None:
    for one in names:
        for other in names:
            crossed = JOIN.join((one, other))
            if one != other and crossed not in names:
                assert JOIN.join(split_crossed(crossed, names)) == crossed
    assert all(split_crossed(name, names) == () for name in names)
    assert split_group("a & b & c", [{"a & b"}, {"c"}]) == ("a & b", "c")
    assert split_group("a & b", [{"b"}, {"a"}]) == ()
