"""What the protocols share: rows of plain values, and the failure to be any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = list[Any]
"""Numbers, texts, true and false, None."""


class NotAnAnswerError(Exception):
    """The endpoint's answer is not of its protocol; says what was expected, never what came."""


def transpose(columns: Sequence[Sequence[Any]]) -> list[Row]:
    """Return the rows of columns of one length."""
    return [list(row) for row in zip(*columns, strict=True)]


def take_list(answer: object, key: str, form: str) -> list[Any]:
    """Return the list under `key` of a parsed answer; raises NotAnAnswerError naming the form."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise NotAnAnswerError(form)
    return found
