"""An attribution beside others of the same rows: by another method, after a small move of the rows,
and against another half of the reference rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from audits.checks.base import Context
from audits.checks.explain.attributions import sample_reference
from audits.checks.explain.trust_rows import Shown
from audits.core.arrays import FloatArray
from audits.core.attribution import Attribution
from audits.core.errors import CheckNotApplicableError
from audits.explain import (
    AUTO,
    DEEPLIFT,
    GRADIENT_SHAP,
    INTEGRATED_GRADIENTS,
    INTERVENTIONAL_SHAP,
    LINEAR_SHAP,
    METHODS,
    PERMUTATION_SHAP,
    TREE_SHAP,
    ZERO,
    Explainer,
    Settings,
    count_moved,
    move_a_little,
    prepare_explainer,
)

RIVALS: Mapping[str, tuple[str, ...]] = {
    TREE_SHAP: (INTERVENTIONAL_SHAP, PERMUTATION_SHAP),
    INTERVENTIONAL_SHAP: (PERMUTATION_SHAP,),
    LINEAR_SHAP: (PERMUTATION_SHAP,),
    PERMUTATION_SHAP: (INTERVENTIONAL_SHAP, LINEAR_SHAP, GRADIENT_SHAP),
    INTEGRATED_GRADIENTS: (GRADIENT_SHAP, PERMUTATION_SHAP),
    GRADIENT_SHAP: (INTEGRATED_GRADIENTS, PERMUTATION_SHAP),
    DEEPLIFT: (GRADIENT_SHAP, PERMUTATION_SHAP),
}
"""What each method is set beside, where it explains the model too."""

SAME_QUESTION = frozenset({INTERVENTIONAL_SHAP, LINEAR_SHAP, PERMUTATION_SHAP})
"""Methods that estimate the same numbers: Shapley values against the reference rows. Any other two
may lawfully differ, most where columns are correlated."""

REFERENCE_ROWS = 2_000
RIVAL_PAIRS = 128
RIVAL_ROWS = 100
"""Rows that a sampled rival explains: its cost is in the rows, and few errors matter more."""
REPEATS = 4
SAMPLED_REPEATS = 1


@dataclass(frozen=True, slots=True)
class Rival:
    """Another method's attributions of some of the shown rows, those at `places`. same_question:
    whether both estimate the same numbers."""

    method: str
    places: np.ndarray
    found: Attribution
    same_question: bool


def iterate_rivals(context: Context, own: Explainer, shown: Shown) -> Iterator[Rival]:
    """Yield the attributions of every rival that explains the model in the same output."""
    reference = sample_reference(context, REFERENCE_ROWS)
    for method in RIVALS[own.method]:
        rows = METHODS[method].reference_rows
        settings = replace(
            own.settings, method=method, output=_output(own), baseline=AUTO, pairs=RIVAL_PAIRS
        )
        few = reference if rows is None else reference.iloc[:rows]
        places = np.arange(len(shown.frame))
        if method == PERMUTATION_SHAP and len(places) > RIVAL_ROWS:
            places = np.linspace(0, len(places) - 1, RIVAL_ROWS).round().astype(np.intp)
        frame = shown.frame.iloc[places]
        try:
            rival = prepare_explainer(own.client, frame, few, settings, name="trust:rival")
            found = rival.explain(frame)
        except CheckNotApplicableError:
            continue
        same = {own.method, method} <= SAME_QUESTION and not _is_margin_of_many(own)
        yield Rival(method, places, found, same)


def explain_moved(context: Context, own: Explainer, shown: Shown, code: str) -> list[Attribution]:
    """Return attributions of the shown rows moved a little, a number of times.

    Raises CheckNotApplicableError where no column can be moved.
    """
    reference = sample_reference(context, REFERENCE_ROWS)[list(shown.frame.columns)]
    generator = context.generator(f"{code}:noise")
    repeats = SAMPLED_REPEATS if own.method == PERMUTATION_SHAP else REPEATS
    moved = [move_a_little(shown.frame, reference, generator) for _ in range(repeats)]
    if not any(count_moved(shown.frame, one) for one in moved):
        raise CheckNotApplicableError(
            "no column holds numbers that can be moved a little: all are categories, flags or "
            "coarse counts"
        )
    return [own.explain(one, first=place * len(one)) for place, one in enumerate(moved)]


def explain_against_halves(
    context: Context, own: Explainer, shown: Shown
) -> tuple[Attribution, Attribution]:
    """Return attributions of the shown rows against two disjoint halves of the reference rows.

    Raises CheckNotApplicableError where the method compares with none, or there are too few.
    """
    rows = METHODS[own.method].reference_rows
    if rows == 0 or (own.settings.baseline == ZERO and own.method != PERMUTATION_SHAP):
        raise CheckNotApplicableError(
            f"{METHODS[own.method].title} compares with no reference rows"
            if rows == 0
            else "the point of comparison is fixed"
        )
    wanted = REFERENCE_ROWS if rows is None else min(2 * rows, REFERENCE_ROWS)
    reference = sample_reference(context, wanted)
    if len(reference) < 4:
        raise CheckNotApplicableError(
            f"{len(reference)} reference rows cannot be divided into two halves"
        )
    # Reference files may be sorted; even and odd rows are both spread over all of it.
    first, second = (_explain_by(own, reference.iloc[part::2], shown.frame) for part in (0, 1))
    return first, second


def _explain_by(own: Explainer, reference: pd.DataFrame, frame: pd.DataFrame) -> Attribution:
    settings: Settings = replace(own.settings, method=own.method, output=_output(own))
    other = prepare_explainer(own.client, frame, reference, settings, name="trust:half")
    return other.explain(frame)


def join_errors(first: FloatArray | None, second: FloatArray | None) -> FloatArray | None:
    """Return the error of the difference of two attributions; None where neither is sampled."""
    if first is None or second is None:
        return second if first is None else first
    both: FloatArray = np.hypot(first, second)
    return both


def _output(own: Explainer) -> str:
    """Return the output that others must explain too. A regression has only its own."""
    return own.space if own.client.info.task != "regression" else AUTO


def _is_margin_of_many(own: Explainer) -> bool:
    """Whether methods differ in what they call the margin: a class's raw score, or its log-odds."""
    return own.client.info.task == "multiclass" and own.space == "margin"
