"""How many groups an audit has is bounded before the work, and rare ones merge by a declared rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from audits.core.errors import InputError
from audits.data.table import AuditTable
from tests.tables.people import list_codes, open_people


def write_cities(folder: Path, sizes: dict[str, int], more: str = "") -> None:
    """Write so many people of every city, men and women in turn."""
    lines = ["sex,city,y,score"]
    for city, size in sizes.items():
        lines += [f"{'FM'[n % 2]},{city},{n % 3 % 2},0.{n % 9}" for n in range(size)]
    (folder / "d.csv").write_text("\n".join(lines) + "\n" + more)


def open_cities(folder: Path, **data: Any) -> AuditTable:
    return open_people(folder, "d.csv", **({"protected": ["city"]} | data))


def count_groups(table: AuditTable, name: str = "city") -> Counter[str]:
    return Counter(group for batch in table.batches(64) for group in batch.kept[name])


MANY = {f"c{n}": 1 + n % 3 for n in range(600)}

REFUSED: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("more than the default", {}, ("'city' makes 600 groups", "max_groups is 500", "merge_rare", "raise max_groups to 600")),
    ("more than declared", {"max_groups": 599}, ("600 groups", "max_groups is 599")),
    ("crossed", {"protected": ["sex", "city"], "max_groups": 600}, ("'sex' and 'city' crossed make 1,000 groups", "raise max_groups to 1000")),
    ("legitimate", {"protected": ["sex"], "legitimate": ["city"]}, ("legitimate column 'city' makes 600",)),
    ("none large enough", {"merge_rare": 99}, ("merge_rare = 99", "largest has 3", "smaller")),
    ("numbers", {"protected": ["score"], "max_groups": 5}, ("'score' makes 9 groups", "[data.edges] score")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "settings", "words"), REFUSED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_too_many_groups_are_refused_with_their_number(
    name: str, settings: dict[str, Any], words: tuple[str, ...], tmp_path: Path
) -> None:
    sizes = dict(MANY)
    if name == "numbers":
        sizes = {"c": 20}
    write_cities(tmp_path, sizes)
    with pytest.raises(InputError) as caught:
        open_cities(tmp_path, **settings)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value), str(caught.value)


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("as many as allowed", {"max_groups": 600}),
    ("crossed and allowed", {"protected": ["sex", "city"], "max_groups": 1000}),
    ("cut", {"protected": ["score"], "edges": {"score": [0.1]}, "max_groups": 2}),
]


@pytest.mark.parametrize(
    ("name", "settings"), ALLOWED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_as_many_as_are_allowed_are_kept(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    write_cities(tmp_path, MANY)
    table = open_cities(tmp_path, **settings)
    if "edges" in settings:
        assert set(count_groups(table, "score")) == {"under 0.1", "0.1 and over"}
    else:
        assert count_groups(table) == Counter(MANY)


SIZES = {"Bonn": 40, "Köln": 30, "Ulm": 29, "Hof": 2, "(other)": 1}

MERGED: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("at thirty", {"merge_rare": 30}, {"Bonn": 40, "Köln": 30, "(other)": 32}),
    ("at two", {"merge_rare": 2}, {"Bonn": 40, "Köln": 30, "Ulm": 29, "Hof": 2, "(other)": 1}),
    ("a reference group stays", {"merge_rare": 30, "reference_groups": {"city": "Hof"}}, {"Bonn": 40, "Köln": 30, "Hof": 2, "(other)": 30}),
    ("the bound is of what is left", {"merge_rare": 30, "max_groups": 3}, {"Bonn": 40, "Köln": 30, "(other)": 32}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "settings", "expected"), MERGED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_rare_groups_become_one(
    name: str, settings: dict[str, Any], expected: dict[str, int], tmp_path: Path
) -> None:
    write_cities(tmp_path, SIZES)
    table = open_cities(tmp_path, **settings)
    assert count_groups(table) == Counter(expected)
    assert "data.merged_groups" in list_codes(table) or name == "at two"


def test_merging_that_changes_nothing_is_told(tmp_path: Path) -> None:
    write_cities(tmp_path, {"Bonn": 9, "Köln": 8})
    assert "data.no_effect" in list_codes(open_cities(tmp_path, merge_rare=5))


def test_people_without_a_city_are_a_group_to_merge_too(tmp_path: Path) -> None:
    write_cities(tmp_path, {"Bonn": 9, "": 2})
    assert count_groups(open_cities(tmp_path, merge_rare=3)) == {"Bonn": 9, "(other)": 2}
    assert count_groups(open_cities(tmp_path)) == {"Bonn": 9, "(missing)": 2}
