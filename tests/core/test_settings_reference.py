"""`docs/settings.md` is what the types of the settings say, and every key has a meaning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from audits.core.settings.recourse import SoughtRange
from audits.core.settings.reference import list_sections, read_meanings, render_reference
from audits.core.settings.spec import AuditSpec

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
SECTIONS = dict(list_sections())


def test_the_page_is_up_to_date() -> None:
    """Write it anew with: python -m audits.core.settings.reference > docs/settings.md"""
    assert PAGE.read_text(encoding="utf-8") == render_reference()


def test_every_section_is_there() -> None:
    tables = set(AuditSpec.model_fields) - {"rules"}
    assert set(SECTIONS) == tables | {"rules.local_law_144", "rules.adverse_action"}


@pytest.mark.parametrize("model", [*SECTIONS.values(), SoughtRange], ids=lambda one: one.__name__)
def test_every_key_has_a_meaning(model: type[BaseModel]) -> None:
    meanings = read_meanings(model)
    assert list(meanings) == list(model.model_fields)
    assert not [name for name, meaning in meanings.items() if not meaning.endswith(".")]


def test_types_defaults_and_limits_are_in_words() -> None:
    rows = {
        (place, found[1]): line
        for place, part in zip(SECTIONS, PAGE.read_text("utf-8").split("\n## ")[1:], strict=True)
        for line in part.splitlines()
        if (found := re.match(r"\| `(\w+)`", line))
    }
    assert "| `name` | text | has to be given | not empty |" in rows["audit", "name"]
    assert "| whole number | `0` | at least 0 |" in rows["audit", "seed"]
    assert "| list of texts |" in rows["data", "protected"]
    assert "| list of values |" in rows["data", "negative"]
    assert "| table of texts or lists of texts |" in rows["recourse", "links"]
    assert "| table of lists of numbers |" in rows["data", "edges"]
    assert '| number or `"model"` |' in rows["model", "threshold"]
    assert "| number |  | more than 0, less than 1 |" in rows["predictions", "top"]
    assert "| value or range |" in rows["recourse", "target"]
    assert '| whole number or `"all"` | `1000000` |' in rows["slices", "rows"]
