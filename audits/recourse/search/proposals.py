"""Proposals: changed rows, built and scored many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from audits.core.arrays import BoolArray, FloatArray, IntArray
from audits.core.errors import ModelCrashError
from audits.recourse.columns import Column, encode_frame, list_plain
from audits.recourse.search.candidates import Candidates
from audits.recourse.search.goals import Goal

Predict = Callable[[pd.DataFrame], NDArray[np.floating]]
Progress = Callable[[int, int], None]

BATCH_ROWS = 100_000
"""The most changed rows in one call of the model."""
BATCH_GRADIENTS = 4_000_000
"""The most numbers in one answer about gradients."""
SMALLEST_BATCH = 1_000
BATCH_SECONDS = 2.0
"""A slow model gets smaller batches, so that the time budget and a cancel are kept."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposal `i` is row `rows[i]` with column `columns[i, s]` set to code `values[i, s]`.

    rows `[n]`; columns and values `[n, n_changes]`; column -1 changes nothing.
    """

    rows: IntArray
    columns: IntArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, picks: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Proposals:
        """Return some of the proposals."""
        return Proposals(self.rows[picks], self.columns[picks], self.values[picks])


class Editor:
    """Applies proposals to rows. What is not changed stays exactly as it was read.

    codes: those of the rows where they are known, `[n_rows, n_columns]`.
    """

    def __init__(
        self, frame: pd.DataFrame, columns: Sequence[Column], codes: FloatArray | None = None
    ) -> None:
        self.frame = frame
        self.codes = encode_frame(columns, frame) if codes is None else codes
        self._columns = columns
        self._exact = {
            place: frame[column.name].astype(column.dtype).array
            for place, column in enumerate(columns)
            if column.kind == "number"
        }

    def unchanged(self) -> Proposals:
        """Return every row as it is."""
        n = len(self.codes)
        return Proposals(np.arange(n), np.empty((n, 0), dtype=np.int64), np.empty((n, 0)))

    def apply(self, proposals: Proposals) -> pd.DataFrame:
        """Return the changed rows, in the dtypes of the columns."""
        data = {}
        for place, column in enumerate(self._columns):
            codes, changed = self._change(place, proposals)
            if column.kind == "number":
                data[column.name] = self._decode_changed(place, proposals.rows, codes, changed)
            else:
                data[column.name] = column.decode(codes)
        return pd.DataFrame(data)

    def list_stored(self, proposals: Proposals) -> dict[str, list[Any]]:
        """Return the changed rows as they are stored, column by column: plain numbers, texts,
        yes/no, None for missing."""
        stored = {}
        for place, column in enumerate(self._columns):
            codes, changed = self._change(place, proposals)
            if column.kind == "number":
                values = self._decode_changed(place, proposals.rows, codes, changed)
                stored[column.name] = list_plain(values)
            else:
                known = np.where(np.isnan(codes), -1, codes).astype(np.intp)
                stored[column.name] = [column.stored[code] for code in known.tolist()]
        return stored

    def _change(self, place: int, proposals: Proposals) -> tuple[FloatArray, BoolArray]:
        """Return one column's codes of the changed rows, and which of them changed."""
        codes = self.codes[proposals.rows, place]
        changed = np.zeros(len(proposals), dtype=np.bool_)
        for slot in range(proposals.columns.shape[1]):
            here = proposals.columns[:, slot] == place
            codes[here] = proposals.values[here, slot]
            changed |= here
        return codes, changed

    def _decode_changed(
        self, place: int, rows: IntArray, codes: FloatArray, changed: BoolArray
    ) -> ExtensionArray:
        """Return a number's values: the codes where it changed, else exactly what was read."""
        values: ExtensionArray = self._exact[place].take(rows)
        if changed.any():
            values[changed] = self._columns[place].decode(codes[changed])
        return values

    def apply_codes(self, proposals: Proposals) -> FloatArray:
        """Return the codes of the changed rows, `[n_proposals, n_columns]`."""
        codes = self.codes[proposals.rows]
        for slot in range(proposals.columns.shape[1]):
            real = np.flatnonzero(proposals.columns[:, slot] >= 0)
            codes[real, proposals.columns[real, slot]] = proposals.values[real, slot]
        return codes


class DeltaScorer(Protocol):
    """Scores proposals where the model is, without whole rows crossing to it."""

    def expect(self, rows: int) -> None:
        """Get ready for about so many rows: it may pay to learn the model by heart."""
        ...

    def keep(self, rows: pd.DataFrame, columns: Sequence[Column], goal: Goal) -> bool:
        """Take the rows that proposals will change, to get them to a goal; False where the model
        cannot."""
        ...

    def score(self, proposals: Proposals) -> FloatArray:
        """Return the model's outputs for the changed rows, `[n]` or `[n, n_outputs]`."""
        ...

    def find_borders(self, place: int) -> FloatArray | None:
        """Return the values of a number between which the answer does not change, rising; None
        where they are not known."""
        ...

    def keep_moves(self, candidates: Candidates, goal: Goal) -> bool:
        """Take the single changes along which gradients will be asked; False where there are
        none."""
        ...

    def follow(self, proposals: Proposals) -> FloatArray:
        """Return what each of them would add to each changed row's margin, to first order,
        `[n, n_moves]`."""
        ...


@dataclass(slots=True)
class Scorer:
    """Calls the model, keeps the time, tells the progress.

    `deadline` is on `time.monotonic`'s clock; `finished` of `total` rows need no more search.
    delta_scorer: see `open_block`. is_smooth: whether the model has gradients along the changes.
    """

    predict: Predict
    goal: Goal
    deadline: float
    total: int
    progress: Progress | None = None
    delta_scorer: DeltaScorer | None = None
    finished: int = 0
    is_smooth: bool = field(default=False, init=False)
    _batch: int = field(default=BATCH_ROWS, init=False)
    _kept: Editor | None = field(default=None, init=False)
    _moves: int = field(default=0, init=False)

    @property
    def expired(self) -> bool:
        """Whether the time budget is spent."""
        return time.monotonic() >= self.deadline

    @property
    def threshold(self) -> float:
        """The gain from which a row has what it wants."""
        return self.goal.needed

    def open_block(self, editor: Editor, rows: pd.DataFrame, columns: Sequence[Column]) -> None:
        """Hand the editor's rows over, so that `score_proposals` need only send the changes."""
        if self.delta_scorer is not None and not self.expired:
            self._kept = editor if self.delta_scorer.keep(rows, columns, self.goal) else None
            if self._kept is None:
                self.delta_scorer = None

    def open_gradients(self, editor: Editor, candidates: Candidates) -> bool:
        """Hand over the single changes that `follow` is about; False where the model of the open
        block has no gradients."""
        if (
            self.delta_scorer is None
            or self._kept is not editor
            or self.expired
            or not len(candidates)
        ):
            return False
        self._moves = len(candidates)
        self.is_smooth = self.delta_scorer.keep_moves(candidates, self.goal)
        return self.is_smooth

    def follow(self, proposals: Proposals) -> FloatArray:
        """Return what each single change would add to the margins of the changed rows, to first
        order, `[n, n_moves]`; NaN for those that the time did not suffice for."""
        assert self.delta_scorer is not None
        added = np.full((len(proposals), self._moves), np.nan)
        size = max(1, BATCH_GRADIENTS // self._moves)
        for start in range(0, len(proposals), size):
            if self.expired:
                break
            part = slice(start, start + size)
            added[part] = self.delta_scorer.follow(proposals.take(part))
        return added

    def find_borders(self, place: int) -> FloatArray | None:
        """Return the values of a number between which the open block's answers do not change,
        rising; None where they are not known."""
        return None if self.delta_scorer is None else self.delta_scorer.find_borders(place)

    def answer(self, frame: pd.DataFrame) -> FloatArray:
        """Return the model's outputs, `[n]` or `[n, n_outputs]`, whatever the time."""
        return self._ask(lambda: self.predict(frame), len(frame))

    def score(self, frame: pd.DataFrame) -> FloatArray:
        """Return the gains of whole rows `[n_rows]`, whatever the time.

        Raises ModelCrashError where an answer is not finite numbers for each row.
        """
        return self.goal.compute_gain(self.answer(frame))

    def score_proposals(self, editor: Editor, proposals: Proposals) -> FloatArray:
        """Return the proposals' gains; NaN for those that the time did not suffice for."""
        scores = np.full(len(proposals), np.nan)
        start = 0
        while start < len(proposals) and not self.expired:
            part = slice(start, start + self._batch)
            scores[part] = self._score_changed(editor, proposals.take(part))
            start = part.stop
        return scores

    def _score_changed(self, editor: Editor, proposals: Proposals) -> FloatArray:
        delta_scorer = self.delta_scorer
        if delta_scorer is None or self._kept is not editor:
            return self.score(editor.apply(proposals))
        return self.goal.compute_gain(
            self._ask(lambda: delta_scorer.score(proposals), len(proposals))
        )

    def _ask(self, call: Callable[[], NDArray[np.floating]], rows: int) -> FloatArray:
        began = time.monotonic()
        answer = np.asarray(call(), dtype=np.float64)
        if answer.shape[:1] != (rows,) or answer.ndim > 2 or not np.isfinite(answer).all():
            raise ModelCrashError(
                f"the model's answer for {rows} rows has shape {answer.shape} and "
                f"{np.count_nonzero(~np.isfinite(answer))} scores that are not numbers"
            )
        rate = rows / max(time.monotonic() - began, 1e-9)
        self._batch = int(np.clip(rate * BATCH_SECONDS, SMALLEST_BATCH, BATCH_ROWS))
        if self.progress is not None:
            self.progress(self.finished, self.total)
        return answer
