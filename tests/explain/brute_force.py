"""Shapley values by their definition, over all subsets of columns: the oracle."""

from itertools import combinations
from math import factorial

import numpy as np


def shapley(value, n_players):
    """`value(mask)` is the worth of a coalition, a bool array; returns one number a player."""
    found = np.zeros(n_players)
    for player in range(n_players):
        others = [k for k in range(n_players) if k != player]
        for size in range(n_players):
            share = factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
            for chosen in combinations(others, size):
                mask = np.zeros(n_players, dtype=bool)
                mask[list(chosen)] = True
                without = value(mask.copy())
                mask[player] = True
                found[player] += share * (value(mask) - without)
    return found


def interventional(predict, row, reference, owner=None):
    """The game in which absent columns take the values of the reference rows."""
    owner = np.arange(len(row)) if owner is None else np.asarray(owner)

    def value(mask):
        mixed = reference.copy()
        taken = mask[owner]
        mixed[:, taken] = row[taken]
        return float(np.mean(predict(mixed)))

    return shapley(value, owner.max() + 1)
