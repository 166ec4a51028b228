"""The rules tied to some rows: what each row may change, what follows, what a change breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.recourse.columns import Column
from audits.recourse.rules.blocks import name_block, tie_blocks
from audits.recourse.rules.relations import build_relations, find_code
from audits.recourse.rules.rules import ActionRules, RowLimits
from audits.recourse.search.candidates import Candidates
from audits.recourse.search.plausibility import Bounds, Neighbourhood
from audits.recourse.search.proposals import BATCH_ROWS, Editor, Proposals

MAX_DECIMALS = 12


class Constraints:
    """Rules for the rows of an editor. `names` are their ids, for the rules of single rows."""

    def __init__(
        self,
        rules: ActionRules,
        columns: Sequence[Column],
        editor: Editor,
        names: Sequence[str],
        neighbourhood: Neighbourhood | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.rules = rules
        self._columns, self._editor = columns, editor
        self._relations = build_relations(rules.relations, columns)
        places = {column.name: place for place, column in enumerate(columns)}
        self.blocks = tie_blocks(rules.blocks, columns)
        self._links = [(places[x.leader], places[x.follower], x) for x in rules.links]
        self._limits = {
            row: rules.limits[name] for row, name in enumerate(names) if name in rules.limits
        }
        self._places = places
        self._neighbourhood, self._bounds = neighbourhood, bounds

    @property
    def is_free(self) -> bool:
        """Whether every combination of allowed single changes is allowed too."""
        return not self._relations.rules and not self._links

    @property
    def leaders(self) -> frozenset[int]:
        """The places of the columns that others follow, in their block too."""
        return self.blocks.places | {leader for leader, _, _ in self._links}

    def name_owner(self, place: int) -> str:
        """Return the name of a column, or of its block."""
        number = int(self.blocks.number[place])
        names = (
            [self._columns[at].name for at in self.blocks.members[number]] if number >= 0 else []
        )
        return name_block(names) if names else self._columns[place].name

    def keep_acts(self, old: FloatArray, new: FloatArray, differs: BoolArray) -> BoolArray:
        """Return which of the columns that differ are changed on purpose, `[n, n_columns]`: not
        those that follow another one, and of a block the one that comes to be set."""
        acts = self.blocks.keep_acts(new, old, differs)
        acts[:, sorted(follower for _, follower, _ in self._links)] = False
        return acts

    def find_following(self, place: int, new: FloatArray) -> BoolArray:
        """Say for new codes of a column whether it would but follow another one, `[...]` as new."""
        if any(follower == place for _, follower, _ in self._links):
            return np.ones(new.shape, dtype=np.bool_)
        follows: BoolArray = (new == 0) & (place in self.blocks.places)
        return follows

    @property
    def is_bounded(self) -> bool:
        """Whether answers have to lie near real rows."""
        return self._bounds is not None and not self._bounds.is_open

    def allows(self, place: int, rows: IntArray, new: FloatArray) -> BoolArray:
        """Say whether each row may change one column to the codes `new`, all else aside.

        rows and new are broadcast together; what a leading column drags along is not looked at.
        """
        old = self._editor.codes[rows, place]
        allowed = self.rules.compute_allowed(self._columns[place], old, new)
        if self._limits:
            low, high = self.find_range(place, rows)
            allowed = allowed & ~((new < low) | (new > high)) & ~self._is_fixed(place, rows)
        return allowed

    def find_range(self, place: int, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends between which each row's new number has to lie."""
        name = self._columns[place].name
        low, high = self.rules.ranges.get(name, (-np.inf, np.inf))
        lows, highs = np.full(rows.shape, low), np.full(rows.shape, high)
        for row, limits in self._limits.items():
            if name in limits.ranges:
                here = rows == row
                lows[here] = max(low, limits.ranges[name][0])
                highs[here] = min(high, limits.ranges[name][1])
        return lows, highs

    def compute_moves(self, candidates: Candidates) -> tuple[BoolArray, FloatArray]:
        """Return which candidates each row may take, and their costs, `[n_rows, n_candidates]`."""
        codes = self._editor.codes
        allowed = np.zeros((len(codes), len(candidates)), dtype=np.bool_)
        costs = np.zeros((len(codes), len(candidates)))
        for place in np.unique(candidates.column):
            mine = candidates.column == place
            column, old, new = self._columns[place], codes[:, [place]], candidates.value[mine]
            allowed[:, mine] = self.rules.compute_allowed(column, old, new[None, :])
            costs[:, mine] = column.cost(old, new[None, :])
        self._restrict(allowed, candidates)
        if self.leaders:
            rows, picks = np.nonzero(allowed)
            changes = candidates.column[picks, None], candidates.value[picks, None]
            allowed[rows, picks] = self.can_follow(Proposals(rows, *changes))
        return allowed, costs

    def complete(self, proposals: Proposals) -> Proposals:
        """Return the proposals with the changes of all columns that follow a changed one, and of
        those that its block unsets."""
        columns, values = [proposals.columns], [proposals.values]
        for leader, follower, link in self._links:
            here, slot = np.nonzero(proposals.columns == leader)
            if not here.size:
                continue
            column = np.full((len(proposals), 1), -1, dtype=np.int64)
            value = np.zeros((len(proposals), 1))
            codes = proposals.values[here, slot]
            column[here, 0] = follower
            value[here, 0] = link.compute_codes(
                self._columns[leader], self._columns[follower], codes
            )
            columns.append(column)
            values.append(value)
        for unset in self._list_unset(proposals):
            columns.append(unset)
            values.append(np.zeros(unset.shape))
        return Proposals(proposals.rows, np.hstack(columns), np.hstack(values))

    def compute_kept(self, proposals: Proposals) -> BoolArray:
        """Say which proposals keep the rules between columns, `[n]`."""
        kept = np.ones(len(proposals), dtype=np.bool_)
        if self.is_free:
            return kept
        for start in range(0, len(proposals), BATCH_ROWS):
            part = slice(start, start + BATCH_ROWS)
            whole = self.complete(proposals.take(part))
            new = self._editor.apply_codes(whole)
            kept[part] = self._relations.compute_kept(self._editor.codes[whole.rows], new)
        return kept

    def compute_held(self, rows: IntArray, new: FloatArray) -> BoolArray:
        """Say which whole changed rows keep every rule but the bounds, `[n]`.

        rows: places of the editor's rows, `[n]`; new: all their codes after the change,
        `[n, n_columns]`, those of following columns among them. A missing value that was not
        missing before breaks the rules.
        """
        old = self._editor.codes[rows]
        moved = (old != new) & ~(np.isnan(old) & np.isnan(new))
        held: BoolArray = ~(moved & np.isnan(new)).any(axis=1)
        for place in range(new.shape[1]):
            here = np.flatnonzero(moved[:, place] & held)
            held[here] = self.allows(place, rows[here], new[here, place])
        for leader, follower, link in self._links:
            led = np.flatnonzero(moved[:, leader] & held)
            wanted = old[:, follower].copy()
            wanted[led] = link.compute_codes(
                self._columns[leader], self._columns[follower], new[led, leader]
            )
            stays = ~moved[:, leader] & ~moved[:, follower]
            held &= stays | (wanted == new[:, follower])
        held &= self.blocks.compute_whole(old, new)
        held &= self._relations.compute_kept(old, new)
        return held

    def compute_near(self, proposals: Proposals) -> BoolArray:
        """Say which proposals are as like real rows as the bounds want them, `[n]`."""
        if not self.is_bounded or self._neighbourhood is None or self._bounds is None:
            return np.ones(len(proposals), dtype=np.bool_)
        codes = self._editor.apply_codes(self.complete(proposals))
        return self._bounds.contain(*self._neighbourhood.measure(codes))

    def find_broken(self, proposals: Proposals) -> list[tuple[str, ...]]:
        """Return the rules between columns that the changed rows break (as the rows did)."""
        new = self._editor.apply_codes(self.complete(proposals))
        return self._relations.find_broken(self._editor.codes[proposals.rows], new)

    def _restrict(self, allowed: BoolArray, candidates: Candidates) -> None:
        for row, limits in self._limits.items():
            for name in limits.immutable & self._places.keys():
                allowed[row, candidates.column == self._places[name]] = False
            for name, (low, high) in limits.ranges.items():
                if name in self._places:
                    mine = candidates.column == self._places[name]
                    outside = (candidates.value < low) | (candidates.value > high)
                    allowed[row, mine & outside] = False

    def can_follow(self, proposals: Proposals) -> BoolArray:
        """Say for single changes whether what follows them is known and allowed, `[n]`."""
        fits = np.ones(len(proposals), dtype=np.bool_)
        for leader, follower, link in self._links:
            here = np.flatnonzero(proposals.columns[:, 0] == leader)
            rows, codes = proposals.rows[here], proposals.values[here, 0]
            new = link.compute_codes(self._columns[leader], self._columns[follower], codes)
            stays = self._editor.codes[rows, follower] == new
            fits[here] = ~np.isnan(new) & (stays | self.allows(follower, rows, new))
        for unset in self._list_unset(proposals):
            for place in np.unique(unset[unset >= 0]).tolist():
                here = np.flatnonzero((unset == place).any(axis=1))
                fits[here] &= self.allows(place, proposals.rows[here], np.zeros(len(here)))
        return fits

    def _list_unset(self, proposals: Proposals) -> Iterator[IntArray]:
        if self.blocks.members:
            old = self._editor.codes[proposals.rows]
            yield from self.blocks.list_unset(proposals.columns, old)

    def _is_fixed(self, place: int, rows: IntArray) -> BoolArray:
        name = self._columns[place].name
        fixed = [row for row, limits in self._limits.items() if name in limits.immutable]
        return np.isin(rows, fixed)


def equip_columns(columns: Sequence[Column], rules: ActionRules) -> tuple[Column, ...]:
    """Return the columns with the steps, the costs and the blocks that the rules declare."""
    in_block = {name for names in rules.blocks for name in names}
    return tuple(
        replace(_equip(column, rules), in_block=column.name in in_block) for column in columns
    )


def price_columns(columns: Sequence[Column], rules: ActionRules) -> tuple[Column, ...]:
    """Return the columns as `equip_columns` does, those that follow another one at no cost."""
    led = {link.follower for link in rules.links}
    return tuple(
        replace(column, unit_cost=0.0, move_costs=()) if column.name in led else column
        for column in equip_columns(columns, rules)
    )


def _equip(column: Column, rules: ActionRules) -> Column:
    name = column.name
    if name in rules.steps:
        step = rules.steps[name]
        exact = (d for d in range(MAX_DECIMALS) if round(step, d) == step)
        column = replace(column, declared_step=step, decimals=next(exact, MAX_DECIMALS))
    if name not in rules.unit_costs and name not in rules.move_costs:
        return column
    moves = tuple(
        (find_code(column, old), find_code(column, new), price)
        for (old, new), price in rules.move_costs.get(name, {}).items()
    )
    return replace(column, unit_cost=rules.unit_costs.get(name), move_costs=moves)


__all__ = ["Constraints", "RowLimits", "equip_columns"]
