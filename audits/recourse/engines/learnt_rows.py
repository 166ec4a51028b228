"""Rows as a network that learns recourse reads them: numbers, and categories as codes from 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.recourse.columns import Column, encode_frame
from audits.recourse.engines.postprocess import Bench


class LearntRows:
    """Turns frames into matrices without gaps, and back.

    A missing number is the reference data's median, a missing category a category of its own.
    """

    def __init__(self, bench: Bench) -> None:
        self.columns: Sequence[Column] = bench.columns
        codes = encode_frame(bench.columns, self._typed(bench.task.reference))
        both = np.vstack([codes, bench.editor.codes])
        self._fill = np.zeros(codes.shape[1])
        self.category_map: dict[int, list[str]] = {}
        for place, column in enumerate(bench.columns):
            known = codes[~np.isnan(codes[:, place]), place]
            if column.kind == "number":
                self._fill[place] = np.median(known) if len(known) else 0.0
                continue
            count = int(np.nanmax(both[:, place], initial=-1)) + 1
            absent = bool(np.isnan(both[:, place]).any())
            self._fill[place] = count if absent else 0
            names = [str(code) for code in range(count)]
            self.category_map[place] = [*names, "(missing)"] if absent else names
        self.matrix = self.fill(codes)

    def fill(self, codes: FloatArray) -> FloatArray:
        """Return codes `[n, n_columns]` with something in place of what is missing."""
        return np.where(np.isnan(codes), self._fill, codes)

    def to_codes(self, matrix: FloatArray) -> FloatArray:
        """Return the codes behind a matrix: numbers rounded to the column's steps."""
        codes = np.asarray(matrix, dtype=np.float64).copy()
        for place, column in enumerate(self.columns):
            if column.kind == "number":
                if np.isfinite(column.low):
                    codes[:, place] = np.clip(codes[:, place], column.low, column.high)
                codes[:, place] = column.round_to_dtype(_round(column, codes[:, place]))
            else:
                gap = len(self.category_map[place]) - 1
                absent = self.category_map[place][-1] == "(missing)"
                missing = absent & (codes[:, place] == gap)
                codes[:, place] = np.where(missing, np.nan, codes[:, place])
        return codes

    def to_frame(self, codes: FloatArray) -> pd.DataFrame:
        """Return the rows as the model sees them."""
        return pd.DataFrame(
            {
                column.name: column.decode(codes[:, place])
                for place, column in enumerate(self.columns)
            }
        )

    def _typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[[column.name for column in self.columns]].astype(
            {column.name: column.dtype for column in self.columns}
        )


def _round(column: Column, values: FloatArray) -> FloatArray:
    whole = values
    if column.declared_step:
        whole = np.round(values / column.declared_step) * column.declared_step
    return np.round(whole, column.decimals)
