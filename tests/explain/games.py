"""Shapley values by their definition, over all subsets of columns, on trees walked by hand."""

from itertools import combinations
from math import factorial

import numpy as np


def goes_left(item, node, value, strict):
    if node in item.categories:
        table = item.categories[node]
        known = not np.isnan(value) and 0 <= value < len(table) - 2
        return table[-1] if np.isnan(value) else table[int(value) if known else len(table) - 2]
    if np.isnan(value):
        return item.missing_left[node]
    return value < item.threshold[node] if strict else value <= item.threshold[node]


def find_output(forest, row):
    """One row through all trees, node by node."""
    total = forest.offset
    for item in forest.trees:
        node = 0
        while item.left[node] >= 0:
            left = goes_left(item, node, row[item.feature[node]], forest.strict)
            node = (item.left if left else item.right)[node]
        total += item.value[node]
    return total


def compute_shapley(worth, n):
    """Shapley values `[n]` of the game `worth(frozenset of players)`."""
    games = {
        frozenset(known): worth(frozenset(known))
        for size in range(n + 1)
        for known in combinations(range(n), size)
    }
    values = np.zeros(n)
    for player in range(n):
        for known, value in games.items():
            if player not in known:
                weight = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
                values[player] += weight * (games[known | {player}] - value)
    return values


def compute_shapley_interactions(worth, n):
    """Shapley interaction values `[n, n]` as shap lays them: half of each pair's on either side,
    the rest of each player's value on the diagonal."""
    games = {
        frozenset(known): worth(frozenset(known))
        for size in range(n + 1)
        for known in combinations(range(n), size)
    }
    found = np.zeros((n, n))
    for i, j in combinations(range(n), 2):
        for known, value in games.items():
            if i in known or j in known:
                continue
            weight = factorial(len(known)) * factorial(n - len(known) - 2) / factorial(n - 1)
            step = games[known | {i, j}] - games[known | {i}] - games[known | {j}] + value
            found[i, j] += weight * step / 2
        found[j, i] = found[i, j]
    np.fill_diagonal(found, compute_shapley(worth, n) - found.sum(axis=1))
    return found


def interventional_game(forest, row, background):
    """Known columns from the row, the others from each reference row; the mean output."""

    def worth(known):
        mixed = background.copy()
        columns = sorted(known)
        mixed[:, columns] = row[columns]
        return np.mean([find_output(forest, item) for item in mixed])

    return worth


def path_game(forest, row):
    """Known columns followed, the splits of the others averaged by the training rows."""

    def expect(item, known, node=0):
        left, right = item.left[node], item.right[node]
        if left < 0:
            return item.value[node]
        column = item.feature[node]
        if column in known:
            side = left if goes_left(item, node, row[column], forest.strict) else right
            return expect(item, known, side)
        ways = [(side, item.cover[side] / item.cover[node]) for side in (left, right)]
        return sum(share * expect(item, known, side) for side, share in ways)

    return lambda known: forest.offset + sum(expect(item, known) for item in forest.trees)
