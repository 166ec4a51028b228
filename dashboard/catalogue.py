"""Every sentence that the dashboard says, from one file that can be edited and translated."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from audits.findings import load_sentences

_WORDS = Path(__file__).parent / "words"


@cache
def load_catalogue(language: str = "en") -> dict[str, str]:
    """Return the catalogue's sentences by dotted key, with those that every page shares."""
    tables = tomllib.loads((_WORDS / f"{language}.toml").read_text(encoding="utf-8"))
    return {**load_sentences(), **dict(_flatten(tables, ""))}


def _flatten(table: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += _flatten(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return found


def say(key: str, /, **fields: object) -> str:
    """Return a sentence with its fields filled in. Raises KeyError for an unknown key.

    Fields are put in as they are; a sentence that goes into Markdown is escaped afterwards, as a
    whole (`dashboard.components.text`).
    """
    return load_catalogue()[key].format(**fields)


def has_words(key: str) -> bool:
    """Whether the catalogue has this key."""
    return key in load_catalogue()
