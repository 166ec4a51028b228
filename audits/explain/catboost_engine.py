"""Exact path-dependent Shapley values of CatBoost models by the library's own engine, which
reads categories as they are: a split on a statistic of several columns counts as known once all
of them are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audits.core.attribution import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.explain.columns import MARGIN, TARGET, ColumnAttribution, Native, Request
from audits.explain.methods import TREE_SHAP
from audits.models.catboost_format import CatBoostAdapter

METHODS = (TREE_SHAP,)

_MAX_NUMBERS = 1 << 25
"""Numbers that one answer of the library may hold: 256 MB as float64."""
_TOLERANCE = 1e-6


def explain_rows(
    adapter: CatBoostAdapter, frame: pd.DataFrame, request: Request
) -> ColumnAttribution:
    """Explain a CatBoost model's output for one class, exactly, a column of values a raw column.

    The space is the margin (log-odds; for several classes a class's own raw score; the logarithm
    of the target for Poisson and Tweedie), or the target's own unit for other regressions.
    Raises CheckNotApplicableError where the file keeps no weights of its leaves, or where the
    values do not add up to what the model answers.
    """
    width = len(adapter.info.features) + 1
    step = max(1, _MAX_NUMBERS // (width * max(1, len(adapter.info.classes))))
    parts = []
    for begin in range(0, len(frame), step):
        pool = adapter.pool(frame.iloc[begin : begin + step])
        shares = compute_catboost_shap(adapter.estimator, pool, request.target_class)
        parts.append((*shares, compute_output(adapter.estimator, pool, request.target_class)))
    values, base, output = (np.concatenate(part) for part in zip(*parts, strict=True))
    on_target = request.task == "regression" and not adapter.has_log_link
    found = ColumnAttribution(
        values,
        base,
        output,
        TARGET if on_target else MARGIN,
        method=f"{TREE_SHAP}:catboost",
        exact=True,
    )
    if found.additivity_error > _TOLERANCE * max(1.0, float(np.abs(output).max())):
        raise CheckNotApplicableError(
            "CatBoost's own attributions miss what the model answers by "
            f"{found.additivity_error:.3g}"
        )
    return found


def compute_catboost_shap(
    model: Native, pool: Native, target_class: int
) -> tuple[FloatArray, FloatArray]:
    """Return values `[n_rows, n_features]` and base `[n_rows]` of the raw output of one class.

    model: a `catboost.CatBoost`. pool: a `catboost.Pool` of at least one row. A model with two
    outputs is explained by their difference, the log-odds of the second class.
    Raises CheckNotApplicableError where the library cannot explain the model.
    """
    import catboost  # noqa: PLC0415 - seconds to import, and only CatBoost models need it

    scale, bias = model.get_scale_and_bias()
    try:
        if scale != 1:  # which the library's engine refuses
            model.set_scale_and_bias(1.0, np.zeros_like(bias).tolist())
        answer = np.asarray(model.get_feature_importance(pool, type="ShapValues"), np.float64)
    except catboost.CatBoostError as error:
        raise CheckNotApplicableError(
            f"CatBoost cannot explain this model: {' '.join(str(error).split())[:200]}"
        ) from error
    finally:
        if scale != 1:
            model.set_scale_and_bias(scale, bias)
    shares = _choose(answer if answer.ndim == 3 else answer[:, None], target_class)
    values, base = shares[:, :-1], shares[:, -1]
    if scale != 1:
        shift = _choose(np.atleast_1d(np.asarray(bias, dtype=np.float64))[None], target_class)
        return values * scale, base * scale + shift
    return values, base


def compute_output(model: Native, pool: Native, target_class: int) -> FloatArray:
    """Return the model's raw output `[n_rows]` of one class; see `compute_catboost_shap`."""
    raw = np.asarray(model.predict(pool, prediction_type="RawFormulaVal"), dtype=np.float64)
    return _choose(raw if raw.ndim == 2 else raw[:, None], target_class)


def _choose(answer: FloatArray, target_class: int) -> FloatArray:
    """Return the output that is explained out of `[n_rows, n_outputs, ...]`."""
    n_outputs = answer.shape[1]
    if n_outputs == 1:
        return answer[:, 0]
    return answer[:, 1] - answer[:, 0] if n_outputs == 2 else answer[:, target_class]
