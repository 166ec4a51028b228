"""Lines of keys and tables: against texts counted by hand, and against texts that are made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from audits.core.settings.toml_lines import Path, find_lines, get_line

TEXT = '''name = "p" # x = 1
a.b = 3
rules = [
  {name = "a", metric = 'x', only = { q = 1 }},
  # {name = "no"}
  {name = "b]", text = """z
"] = \\""" """},
]
[w]
"odd \\u00e9.key" = 1
[[x]]
k = 1
[x.sub]
z = 2
[[x]]
k = [1,
  2]
[[x.y]]
p = 1
[[x.y]]
p = 2027-12-31
last = 07:32:00'''

BY_HAND: dict[Path, int] = {
    ("name",): 1, ("a",): 2, ("a", "b"): 2, ("rules",): 3, ("rules", 0): 4,
    ("rules", 0, "metric"): 4, ("rules", 0, "only", "q"): 4, ("rules", 1): 6,
    ("rules", 1, "text"): 6, ("w",): 9, ("w", "odd é.key"): 10, ("x",): 11, ("x", 0): 11,
    ("x", 0, "k"): 12, ("x", 0, "sub"): 13, ("x", 0, "sub", "z"): 14, ("x", 1): 15,
    ("x", 1, "k"): 16, ("x", 1, "k", 1): 17, ("x", 1, "y", 0): 18, ("x", 1, "y", 0, "p"): 19,
    ("x", 1, "y", 1): 20, ("x", 1, "y", 1, "p"): 21, ("x", 1, "y", 1, "last"): 22,
}  # fmt: skip


@pytest.mark.parametrize("path", BY_HAND, ids=str)
def test_lines_counted_by_hand(path: Path) -> None:
    assert find_lines(TEXT)[path] == BY_HAND[path]


def list_paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    assert isinstance(value, dict | list)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from list_paths(inner, (*path, key))
        else:
            yield (*path, key)


def test_every_value_that_tomllib_reads_has_a_line() -> None:
    assert set(list_paths(tomllib.loads(TEXT))) <= set(find_lines(TEXT))


KEYS = st.text("abé .]#=\"'", min_size=1, max_size=4)
VALUES = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text("a\n\"'#]}=, ", max_size=5),
    st.lists(st.integers(0, 9), max_size=2),
)  # fmt: skip


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=4))
def test_every_value_of_any_file_stands_where_it_was_written(tables: list[dict[str, Any]]) -> None:
    lines, wanted = ["# made"], {}
    for place, table in enumerate(tables):
        lines.append("[[t]]")
        wanted["t", place] = len(lines)
        for key, value in table.items():
            lines += [f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value)}"]
            wanted["t", place, key] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text)["t"] == tables
    found = find_lines(text)
    assert {path: found[path] for path in wanted} == wanted


def test_what_has_no_line_has_that_of_what_holds_it() -> None:
    lines = find_lines("a = 1\n[b]\nc = 1\n")
    assert get_line(lines, ("b", "missing")) == 2
    assert get_line(lines, ("missing",)) == 1
