"""Columns whose names a booster could not hold, or its owner changed for it: "annual income" that
became annual_income, "[risk] <5" that became risk_5."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_REPLACED = re.compile(r"[\W_]+")


def match_replaced(features: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """Return, by the model's inputs that the data lacks, the column that each surely is.

    A column is it where both have the same letters and digits in the same order, and no other
    column and no other input has them. What is not sure is left out.
    """
    wanted, given = list(features), list(columns)
    inputs = Counter(map(_bare, wanted))
    found: dict[str, list[str]] = {}
    for name in given:
        found.setdefault(_bare(name), []).append(name)
    matched = {}
    for name in wanted:
        like = found.get(_bare(name), [])
        if name not in given and _bare(name) and inputs[_bare(name)] == 1 and len(like) == 1:
            matched[name] = like[0]
    return matched


def _bare(name: str) -> str:
    return _REPLACED.sub("", name)
