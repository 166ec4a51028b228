"""Every word of the offline report, from one file that can be edited and translated."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def load_words() -> Mapping[str, str]:
    """Return the catalogue's texts by dotted key ("headline.fail")."""
    text = (resources.files("audits.export.html") / "words.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {f"{name}.{key}": said for name, table in tables.items() for key, said in table.items()}


def say(key: str, /, **fields: object) -> str:
    """Return a text with its fields filled in. Raises KeyError for an unknown key."""
    return load_words()[key].format(**fields)
