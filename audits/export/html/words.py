"""Every word of the offline report, from one file that can be edited and translated."""

from __future__ import annotations

from collections.abc import Mapping

from audits.core.words.reader import read_texts


def load_words() -> Mapping[str, str]:
    """Return the catalogue's texts by dotted key ("headline.fail")."""
    return read_texts("audits.export.html", "words.toml")


def say(key: str, /, **fields: object) -> str:
    """Return a text with its fields filled in. Raises KeyError for an unknown key."""
    return load_words()[key].format(**fields)
