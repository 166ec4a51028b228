"""Titles are made of sure differences between groups that are no handful."""

from __future__ import annotations

from importlib import import_module

import pytest

from dashboard.viewmodels.titles import find_extremes

measure = import_module("tests.model_cards.conftest").measure


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"A": (0.4, 500, 0.04), "B": (0.6, 500, 0.04)}, ("A", "B")),
        ({"A": (0.4, 46, 0.04), "B": (0.6, 500, 0.04)}, None),
        ({"A": (0.1, 46, 0.04), "B": (0.4, 500, 0.04), "C": (0.6, 100, 0.04)}, ("B", "C")),
        ({"A": (0.4, 500, 0.04), "B": (0.45, 500, 0.04)}, None),
        ({"A": (0.4, 500, 0.04)}, None),
        ({}, None),
    ],
)
def test_extremes(groups, told) -> None:
    items = [
        measure("selection_rate", value, n, half=half, attribute="race", group=name)
        for name, (value, n, half) in groups.items()
    ]
    found = find_extremes(items)
    assert (None if found is None else (found[0].group, found[1].group)) == told
