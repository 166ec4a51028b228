"""Reads what people read: every sentence and title lies in a TOML file beside the module that says
it, so that it can be edited, and translated into a file of another language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_tables(package: str, file: str) -> Mapping[str, Any]:
    """Return the tables of a file of words that lies in a package, by their names."""
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def read_texts(package: str, file: str) -> Mapping[str, str]:
    """Return the texts of such a file by dotted key ("headline.fail")."""
    return dict(_flatten(read_tables(package, file), ""))


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        else:
            yield name, str(value)
