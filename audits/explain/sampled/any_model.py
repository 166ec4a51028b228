"""Sampled Shapley values of an opened model, whatever it is: they need its predictions alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray, IndexArray
from audits.core.errors import CheckNotApplicableError, InputError
from audits.explain.columns import PROBABILITY, TARGET, ColumnAttribution
from audits.explain.methods import AUTO, PERMUTATION_SHAP
from audits.explain.sampled.blend import Score, build_blender
from audits.explain.sampled.engine import Budget, compute_permutation_shap
from audits.models import Adapter

CLIPPED = 1e-6
"""Probabilities nearer to 0 or 1 have no log-odds that could be compared."""


def check_class(adapter: Adapter, params: dict[str, Any]) -> None:
    """Raise InputError where `params["target_class"]` is no class of the model."""
    info = adapter.info
    target_class = int(params.get("target_class", 1))
    if info.task != "regression" and not 0 <= target_class < len(info.classes):
        raise InputError(
            f"class {target_class} cannot be explained: the model has the classes 0 to "
            f"{len(info.classes) - 1}"
        )


def choose_space(adapter: Adapter, params: dict[str, Any]) -> str:
    """Return what sampling explains: the wanted output, by default the probability of a class.

    Raises CheckNotApplicableError for another output than a regression's own.
    """
    wanted = str(params.get("output", AUTO))
    if adapter.info.task == "regression":
        if wanted not in (AUTO, TARGET):
            raise CheckNotApplicableError(f"a regression has no {wanted}; it explains its target")
        return TARGET
    return PROBABILITY if wanted == AUTO else wanted


def build_score(space: str, target_class: int) -> Score:
    """Return what turns a model's answer into the number that is explained."""

    def score(answer: FloatArray, rows: IndexArray) -> FloatArray:
        del rows
        if space == TARGET:
            return answer.reshape(len(answer))
        share = answer[:, target_class]
        if space == PROBABILITY:
            return share
        clipped = np.clip(share, CLIPPED, 1 - CLIPPED)
        return np.asarray(np.log(clipped) - np.log1p(-clipped))

    return score


def explain_by_sampling(
    adapter: Adapter, frame: pd.DataFrame, background: pd.DataFrame | None, params: dict[str, Any]
) -> ColumnAttribution:
    """Return sampled Shapley values of the raw columns of `frame` against `background`.

    params: see `audits.explain.service.compute_attribution`.
    Raises CheckNotApplicableError without reference rows: there is nothing to compare with.
    """
    if background is None or not len(background):
        raise CheckNotApplicableError(
            "sampled attributions compare with reference rows, and there are none"
        )
    space = choose_space(adapter, params)
    score = build_score(space, int(params.get("target_class", 1)))
    usual = Budget()
    budget = Budget(
        int(params.get("pairs", usual.pairs)), float(params.get("error", usual.tolerance))
    )
    blender = build_blender(adapter, frame, background, score)
    generator = np.random.default_rng(int(params.get("seed", 0)))
    found = compute_permutation_shap(blender, len(frame), len(background), budget, generator)
    return ColumnAttribution(
        values=found.values,
        base=np.full(len(frame), found.base),
        output=found.output,
        space=space,
        method=PERMUTATION_SHAP,
        exact=False,
        budget=round(found.evaluations / len(frame)),
        error=found.error,
    )
