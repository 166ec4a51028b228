"""Pages stay thin: no function of a page or of a part of one is long, no file either."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
MAX_LINES, MAX_IN_A_FILE = 60, 300
FILES = sorted(path for part in ("views", "components") for path in (DASHBOARD / part).glob("*.py"))


def find_long(source: str, most: int = MAX_LINES) -> list[str]:
    """Return the functions, also nested and in classes, that take more than `most` lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if (node.end_lineno or first) - first + 1 > most:
                found.append(node.name)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_function_of_a_page_is_long(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert find_long(source) == []
    assert len(source.splitlines()) <= MAX_IN_A_FILE


def test_a_long_function_would_be_found() -> None:
    body = "\n".join(["    pass"] * MAX_LINES)
    assert find_long(f"def short():\n    pass\n\n\ndef long():\n{body}\n") == ["long"]
    inside = "\n".join(["        pass"] * (MAX_LINES - 1))
    assert find_long(f"class A:\n    @property\n    def long(self):\n{inside}\n") == ["long"]
    assert find_long(f"class A:\n    def fits(self):\n{inside}\n") == []
