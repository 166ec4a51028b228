"""Codes that a model was fitted on as texts and the data reads as numbers, or the other way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from audits.core.errors import InputError, one_of
from audits.models.adapters.adapter import NativeModel
from audits.models.adapters.columns import text_of


def find_categories(step: NativeModel, names: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each raw column that an encoder reads, with the categories that it was fitted on.

    step: a fitted scikit-learn object that is given the raw columns `names`.
    """
    if hasattr(step, "steps"):
        for _, inner in step.steps:
            yield from find_categories(inner, names)
            if not _keeps_columns(inner, names):
                return
        return
    for _, inner, columns in getattr(step, "transformers_", ()):
        yield from find_categories(inner, _name_columns(columns, names))
    categories: NativeModel = getattr(step, "categories_", ())
    if len(categories) == len(names):
        for name, known in zip(names, categories, strict=True):
            yield name, list(known)
    for inner in _list_wrapped(step):
        yield from find_categories(inner, names)


def _keeps_columns(step: NativeModel, names: Sequence[str]) -> bool:
    """Whether a step hands on the same columns: nothing, or an imputer that drops and adds none."""
    if step is None or isinstance(step, str):
        return True
    filled = pd.Series(list(getattr(step, "statistics_", ())), dtype=object)
    is_imputer = len(filled) == len(names) and not getattr(step, "add_indicator", False)
    return is_imputer and not filled.isna().any()


def _name_columns(columns: NativeModel, names: Sequence[str]) -> list[str]:
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, slice):
        return list(names[columns])
    chosen = np.asarray(columns)
    if chosen.dtype.kind in "bi":
        return [str(name) for name in np.asarray(names, dtype=object)[chosen]]
    return [str(name) for name in chosen]


def _list_wrapped(step: NativeModel) -> Iterator[NativeModel]:
    """Yield the fitted objects inside a meta-estimator that are given its columns as they are."""
    for name in ("best_estimator_", "estimator_", "_preprocessor"):
        if getattr(step, name, None) is not None:
            yield getattr(step, name)
    for item in getattr(step, "calibrated_classifiers_", ()):
        yield item.estimator
    inner = getattr(step, "estimators_", ())
    if isinstance(inner, list):
        yield from (item for item in inner if hasattr(item, "steps"))


class Codes:
    """The categories of one column, matched with the data's values whatever their type."""

    def __init__(self, categories: Iterable[Hashable]) -> None:
        known = [value for value in categories if not _is_missing(value)]
        self.texts = bool(known) and all(isinstance(value, str) for value in known)
        self._known = known
        self._exact = {text_of(value): value for value in known}
        by_number = [(_read_number(value), value) for value in known]
        often = Counter(number for number, _ in by_number)
        self._by_number = {number: value for number, value in by_number if number is not None}
        self._unclear = {number for number, count in often.items() if count > 1}

    def match(self, column: pd.Series) -> pd.Series:
        """Return the column with its values as the encoder was fitted on them.

        Values that match none stay what they are: the encoder treats them as unseen. Raises
        InputError where numbers meet texts that are none, or of which two are the same number.
        """
        is_number = column.dtype.kind in "iufb"
        if not self._known or is_number != self.texts:
            return column
        if self.texts and not self._by_number and column.dtype.kind != "b":
            raise InputError(
                f"column {column.name!r} holds numbers, but the model was fitted on the texts "
                f"{one_of(self._known, 4)} there; give it the values that the model knows"
            )
        codes, values = pd.factorize(column)
        found = [self._match(value, str(column.name)) for value in values]
        matched = np.array([*found, np.nan], dtype=object)[codes]
        return pd.Series(matched, index=column.index, name=column.name)

    def _match(self, value: Hashable, name: str) -> Hashable:
        text = text_of(value)
        if text in self._exact:
            return self._exact[text]
        number = _read_number(value)
        if number is not None and number in self._unclear:
            alike = [one for one in self._known if _read_number(one) == number]
            raise InputError(
                f"column {name!r} holds the number {text}, and the model was fitted on the texts "
                f"{one_of(alike)}, which may all be it; give the column as text"
            )
        if number is not None and number in self._by_number:
            return self._by_number[number]
        return text if self.texts else value


def _is_missing(value: Hashable) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _read_number(value: Hashable) -> float | None:
    """Return what a value is as a number; booleans are 1 and 0, whatever their spelling."""
    text = str(value).strip().lower()
    try:
        number = float({"true": "1", "false": "0"}.get(text, text))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def read_codes(model: NativeModel, features: Sequence[str]) -> dict[str, Codes]:
    """Return the codes of every raw column that an encoder of a fitted model reads."""
    found: dict[str, Codes] = {}
    for name, categories in find_categories(model, features):
        found.setdefault(name, Codes(categories))
    return found
