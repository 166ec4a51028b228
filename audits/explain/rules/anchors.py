"""Rules that hold a decision in place: alibi's anchors, said in conditions on the raw columns."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckSkippedError
from audits.explain.rules.anchor_codes import Coder
from audits.explain.rules.conditions import Condition
from audits.models import NativeModel

Decide = Callable[[pd.DataFrame], IndexArray]
"""A frame of n rows to the decision on each, as a whole number `[n]`."""

PRECISION = 0.95
"""Precision that a rule must reach; the search is 90% sure of it."""

LICENCE = (
    "alibi is under the Business Source License 1.1: using it in production needs a licence from "
    "its maker"
)
_ABSENT = (
    "alibi, which searches the rules, is not installed; install it with pip install --no-deps -r "
    f"requirements-alibi.txt ({LICENCE}), or set [explain] anchors = 0"
)
_MAX_CONDITIONS = 4
_MAX_CALLS = 200
_COVERAGE_ROWS = 2000
_CUTS = (0, 25, 50, 75)
"""Percentiles at which numbers are cut; the lowest sets missing, whose code is 0, apart."""
_TEXT = re.compile(
    r"(?:(?P<above>\d+\.\d+) < )?c(?P<column>\d+)"
    r"(?: = (?P<value>\d+)| > (?P<over>\d+\.\d+)| <= (?P<up_to>\d+\.\d+))"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A rule for one row: where its conditions hold, the decision stays.

    position: the row, in the order asked. No conditions: nearly every row is decided like it.
    reached: whether the search is sure of a precision of 95%; else this is the best it found.
    precision, coverage: alibi's own estimates in [0, 1], on rows that it makes up from the
    reference data: columns of the rule together, the others each by itself. calls: predictions
    asked for.
    """

    position: int
    conditions: tuple[Condition, ...]
    reached: bool
    precision: float
    coverage: float
    calls: int


@dataclass(frozen=True, slots=True)
class NoAnchor:
    """A row without a rule, and why (in words for people)."""

    position: int
    reason: str


class _SpentError(Exception):
    """The search for one row has used up its calls or its time."""


def search_anchors(
    decide: Decide,
    reference: pd.DataFrame,
    rows: pd.DataFrame,
    generator: np.random.Generator,
    *,
    seconds: float = 10.0,
    most_calls: int = _MAX_CALLS,
    progress: Callable[[float], None] | None = None,
) -> tuple[Anchor | NoAnchor, ...]:
    """Return a rule for each row (Ribeiro, Singh and Guestrin 2018, AAAI), or why it has none.

    reference: the rows whose values stand in for those that a rule leaves open. rows: the rows
    to explain, with the same columns. Numbers are cut at their quartiles; a missing number stands
    below all others in a part of its own, so that a rule may be that it is missing, and a
    condition without lower limit says "or missing"; a missing category is a value of its own.
    most_calls: predictions of about 100 rows that one row may ask for; seconds: a limit for
    models so slow that these take longer (it depends on the machine: a row that it stops says
    so). Raises CheckSkippedError where alibi is not installed.
    """
    make = _import_alibi()
    both = pd.concat([reference, rows], ignore_index=True)
    coder = Coder.make(both)
    if not coder.columns:
        return tuple(
            NoAnchor(position, "every column holds one value only") for position in range(len(rows))
        )
    meter = _Meter(decide, coder, most_calls, seconds)
    seed = int(generator.integers(2**31))
    found: list[Anchor | NoAnchor] = []
    with _alone():
        explainer = make(
            meter.predict, coder.names(), categorical_names=coder.name_categories(), seed=seed
        )
        explainer.fit(coder.codes, disc_perc=_CUTS)
    for position in range(len(rows)):
        codes = coder.codes[len(reference) + position]
        with _alone():
            np.random.seed((seed + position) % 2**31)  # alibi draws from numpy's global generator
            found.append(_search(explainer, coder, meter, codes, position))
        if progress is not None:
            progress((position + 1) / len(rows))
    return tuple(found)


def _import_alibi() -> NativeModel:
    """Return alibi's class; it is imported late, because it takes seconds and may be absent.

    In a thread of its own: alibi keeps the errors of imports that failed within it, and they
    would keep alive every frame that was waiting for the import, with all that is in it.
    """
    try:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_load_class).result()
    except ImportError as error:
        raise CheckSkippedError(_ABSENT) from error


def _load_class() -> NativeModel:
    from alibi.explainers import AnchorTabular  # noqa: PLC0415

    return AnchorTabular


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep alibi's prints, warnings and its use of numpy's global generator to itself."""
    state, logger = np.random.get_state(), logging.getLogger("alibi")
    level = logger.level
    logger.setLevel(logging.ERROR)  # that a rule was not precise enough is in its result
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        np.random.set_state(state)
        logger.setLevel(level)


class _Meter:
    """The model as alibi sees it, counting what one row's search asks for."""

    def __init__(self, decide: Decide, coder: Coder, most_calls: int, seconds: float) -> None:
        self._decide, self._coder = decide, coder
        self._most_calls, self._seconds = most_calls, seconds
        self.calls, self._deadline = 0, math.inf  # alibi tries the model before any search

    def start(self) -> None:
        """Begin another row."""
        self.calls, self._deadline = 0, time.monotonic() + self._seconds

    def predict(self, codes: FloatArray) -> IndexArray:
        """Return decisions `[n]`. Raises _SpentError where the row may ask no more."""
        if self.calls >= self._most_calls:
            raise _SpentError(
                f"no rule that keeps the decision was found within {self._most_calls} calls"
            )
        if time.monotonic() > self._deadline:
            raise _SpentError(f"no rule was found within {self._seconds:g} s")
        self.calls += 1
        return self._decide(self._coder.decode(codes))


def _search(
    explainer: NativeModel, coder: Coder, meter: _Meter, codes: FloatArray, position: int
) -> Anchor | NoAnchor:
    meter.start()
    try:
        found = explainer.explain(
            codes,
            threshold=PRECISION,
            max_anchor_size=_MAX_CONDITIONS,
            coverage_samples=_COVERAGE_ROWS,
        )
    except _SpentError as error:
        return NoAnchor(position, str(error))
    precision = float(np.squeeze(found.precision))
    return Anchor(
        position=position,
        conditions=tuple(read_condition(text, coder) for text in found.anchor),
        reached=precision >= PRECISION,
        precision=precision,
        coverage=float(np.squeeze(found.coverage)),
        calls=meter.calls,
    )


def read_condition(text: str, coder: Coder) -> Condition:
    """Return what alibi says of codes ("12.50 < c3 <= 20.00") as a condition on the raw column.

    A bound on codes lies at or above a code whose value is the bound on values. Raises ValueError
    for any other text.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"alibi described a rule in an unknown way: {text!r}")
    column = coder.columns[int(found["column"])]
    if found["value"] is not None:
        return column.describe_value(int(found["value"]))
    above = found["above"] or found["over"]
    return column.describe(
        None if above is None else int(float(above)),
        None if found["up_to"] is None else int(float(found["up_to"])),
    )
