"""How groups of people are named, and the columns that hold them in evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import permutations

MISSING = "(missing)"
"""The group of those whose protected value is not known."""

OTHER = "(other)"
"""The group of those in groups too rare to be told apart, where `[data] merge_rare` asks for it."""

JOIN = " & "
"""Between the attributes, and the groups, of an intersection: "sex & race", "Female & Black"."""

FEW_ROWS = 100
"""A threshold that was chosen on fewer rows of its group than this owes much to chance."""

_GROUP_COLUMN = "group["
_SCORE_COLUMN = "y_score["
_OWN_COLUMNS = frozenset({
    "row", "y_true", "y_pred", "y_score", "score_bin", "count", "weight", "weight_squared",
    "score_sum", "score_square_sum", "log_loss_sum", "log_loss_square_sum", "y_sum",
    "y_square_sum", "y_cube_sum", "y_fourth_sum", "prediction_square_sum", "residual_sum",
    "residual_absolute_sum", "residual_square_sum", "residual_fourth_sum",
    "residual_square_y_sum", "residual_square_y_square_sum",
})  # fmt: skip
"""Columns that predictions and cubes have for themselves."""


def name_group_column(attribute: str) -> str:
    """Return what an attribute's column is called in `predictions.parquet` and `cube.parquet`: as
    the attribute is, but "group[count]" for one that is called as a column of theirs."""
    taken = attribute in _OWN_COLUMNS or attribute.startswith((_GROUP_COLUMN, _SCORE_COLUMN))
    return f"{_GROUP_COLUMN}{attribute}]" if taken else attribute


def split_crossed(attribute: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes that an intersection crosses, () for an attribute of its own.

    names: the attributes there are; any of them may hold " & " itself.
    """
    known = set(names)
    if JOIN not in attribute or attribute in known:
        return ()
    pairs = permutations(sorted(name for name in known if name in attribute), 2)
    return next((pair for pair in pairs if JOIN.join(pair) == attribute), ())


def split_group(group: str, known: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return the groups of two attributes that an intersection's group joins, () where it joins
    none. known: the groups of each attribute."""
    parts = group.split(JOIN)
    for cut in range(1, len(parts)):
        pair = JOIN.join(parts[:cut]), JOIN.join(parts[cut:])
        if pair[0] in known[0] and pair[1] in known[1]:
            return pair
    return ()
