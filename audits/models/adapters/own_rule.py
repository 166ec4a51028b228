"""How a scikit-learn classifier decides by itself: by the larger probability, or its own way."""

from __future__ import annotations

from audits.models.adapters.adapter import NativeModel, Rule

_LARGER = frozenset({
    "AdaBoostClassifier", "BaggingClassifier", "BernoulliNB",
    "CalibratedClassifierCV", "CategoricalNB", "ComplementNB", "DecisionTreeClassifier",
    "ExtraTreeClassifier", "ExtraTreesClassifier", "GaussianNB", "GaussianProcessClassifier",
    "GradientBoostingClassifier", "HistGradientBoostingClassifier", "KNeighborsClassifier",
    "LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV", "MLPClassifier",
    "MultinomialNB", "QuadraticDiscriminantAnalysis", "RandomForestClassifier",
    "SGDClassifier",
})  # fmt: skip
"""Classifiers whose `predict` takes the class with the larger probability (a test tries them).
All others are asked what they decide, which takes a second prediction of every row."""
_BOOSTERS = frozenset(
    {"BoosterClassifier", "CatBoostClassifier", "LGBMClassifier", "XGBClassifier"}
)


def find_rule(model: NativeModel) -> tuple[Rule, float | None]:
    """Return how a fitted classifier decides, and the threshold that it states, if any."""
    steps = getattr(model, "steps", None)
    if steps:
        return find_rule(steps[-1][1])
    if type(model).__name__ in _LARGER | _BOOSTERS:
        return "larger", None
    return "own", _find_stated(model)


def _find_stated(model: NativeModel) -> float | None:
    """Return the threshold of FixedThresholdClassifier and TunedThresholdClassifierCV. Whether it
    is one on the audited score, the rows show."""
    stated: object = getattr(model, "best_threshold_", getattr(model, "threshold", None))
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return None
    return float(stated) if 0 <= stated <= 1 else None
