"""fairlearn's ThresholdOptimizer on given scores: the rule of each group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.mitigate.methods import METHODS
from audits.mitigate.mixture import GroupRule, Step, encode_threshold


def compute_group_rules(
    scores: FloatArray, true: IntArray, groups: np.ndarray, goal: str
) -> dict[str, GroupRule]:
    """Return each group's randomised thresholds for `goal`, at no gap on the given rows.

    scores, true (0 or 1), groups (texts): `[n]`; every group has rows of both outcomes.
    """
    from fairlearn.postprocessing import ThresholdOptimizer  # noqa: PLC0415 - seconds
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    # Times one plus nothing: the scores come in as they are, and no model enters fairlearn.
    given = LinearRegression()
    given.coef_, given.intercept_, given.n_features_in_ = np.ones(1), 0.0, 1
    optimizer = ThresholdOptimizer(
        estimator=given,
        constraints=METHODS["threshold-optimizer"].goals[goal],
        prefit=True,
        predict_method="predict",
    )
    optimizer.fit(scores.reshape(-1, 1), true, sensitive_features=groups)
    found = optimizer.interpolated_thresholder_.interpolation_dict
    return {str(group): _read_rule(rule) for group, rule in found.items()}


def _read_rule(rule: Mapping[str, Any]) -> GroupRule:
    steps = [
        Step(
            probability=float(np.clip(probability, 0.0, 1.0)),
            operator=operation.operator,
            threshold=encode_threshold(float(operation.threshold)),
        )
        for probability, operation in (
            (rule["p0"], rule["operation0"]),
            (rule["p1"], rule["operation1"]),
        )
    ]
    return GroupRule(
        steps=tuple(steps),
        ignored=float(np.clip(rule.get("p_ignore", 0.0), 0.0, 1.0)),
        constant=float(np.clip(rule.get("prediction_constant", 0.0), 0.0, 1.0)),
    )
