"""Every sentence that the dashboard says, from one file that can be edited and translated."""

from __future__ import annotations

from functools import cache

from audits.core.words.reader import read_texts
from audits.findings import load_sentences


@cache
def load_catalogue(language: str = "en") -> dict[str, str]:
    """Return the catalogue's sentences by dotted key, with those that every page shares."""
    return {**load_sentences(), **read_texts("dashboard", f"words/{language}.toml")}


def say(key: str, /, **fields: object) -> str:
    """Return a sentence with its fields filled in. Raises KeyError for an unknown key.

    Fields are put in as they are; a sentence that goes into Markdown is escaped afterwards, as a
    whole (`dashboard.components.text`).
    """
    return load_catalogue()[key].format(**fields)


def has_words(key: str) -> bool:
    """Whether the catalogue has this key."""
    return key in load_catalogue()
