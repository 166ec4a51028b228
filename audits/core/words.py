"""The metrics in plain words: titles and meanings, for every place where people read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A metric for readers."""

    title: str
    meaning: str


METRICS: dict[str, Word] = {
    "count": Word("Rows", "How many rows of the data."),
    "missing_share": Word("Missing values", "Share of rows without a value in this column."),
    "prevalence": Word("Base rate", "Share of rows whose true outcome is the favourable one."),
    "selection_rate": Word("Selection rate", "Share of rows that get the favourable outcome."),
    "true_positive_rate": Word(
        "True positive rate",
        "Of those whose true outcome is favourable, the share that gets it.",
    ),
    "false_positive_rate": Word(
        "False positive rate",
        "Of those whose true outcome is not favourable, the share that gets it all the same.",
    ),
    "true_negative_rate": Word(
        "True negative rate",
        "Of those whose true outcome is not favourable, the share that is turned down.",
    ),
    "false_negative_rate": Word(
        "False negative rate",
        "Of those whose true outcome is favourable, the share that is turned down.",
    ),
    "positive_predictive_value": Word(
        "Precision", "Of those who get the favourable outcome, the share for whom it is true."
    ),
    "negative_predictive_value": Word(
        "Negative predictive value",
        "Of those who are turned down, the share for whom that is right.",
    ),
    "false_discovery_rate": Word(
        "False discovery rate",
        "Of those who get the favourable outcome, the share for whom it is wrong.",
    ),
    "false_omission_rate": Word(
        "False omission rate", "Of those who are turned down, the share for whom it is wrong."
    ),
    "accuracy": Word("Accuracy", "Share of rows where the prediction is right."),
    "balanced_accuracy": Word(
        "Balanced accuracy", "Accuracy within each true outcome, averaged over the outcomes."
    ),
    "f1": Word("F1", "Harmonic mean of precision and true positive rate; 1 is best."),
    "roc_auc": Word(
        "ROC AUC",
        "Chance that a favourable row scores above one that is not; 0.5 is guessing, 1 is best.",
    ),
    "average_precision": Word(
        "Average precision", "Precision averaged over all thresholds; 1 is best."
    ),
    "log_loss": Word("Log loss", "Penalty for confident mistakes; 0 is best."),
    "brier_score": Word("Brier score", "Mean squared gap of score and outcome; 0 is best."),
    "expected_calibration_error": Word(
        "Calibration error",
        "Mean gap of the score and the share that turns out favourable; 0 is best.",
    ),
    "mean_score": Word("Mean score", "Average score of the model."),
    "mean_absolute_error": Word(
        "Mean absolute error", "Average size of the error, in the target's unit."
    ),
    "root_mean_squared_error": Word(
        "Root mean squared error",
        "Typical size of the error, in the target's unit; large errors weigh more.",
    ),
    "r2": Word("R²", "Share of the target's variation that the model explains."),
    "mean_residual": Word(
        "Mean residual",
        "Average of prediction minus true value; above zero the model predicts too much.",
    ),
    "miscalibration": Word(
        "Miscalibration",
        "Distance of the mean score from the share that turns out favourable; 0 is best.",
    ),
    "slices_searched": Word(
        "Slices looked at",
        "How many parts of the data, by up to three conditions, were searched for worse results.",
    ),
    "demographic_parity_difference": Word(
        "Demographic parity difference", "Largest gap between two groups' selection rates."
    ),
    "demographic_parity_ratio": Word(
        "Demographic parity ratio", "Lowest selection rate over the highest; 1 is equal."
    ),
    "equal_opportunity_difference": Word(
        "Equal opportunity difference", "Largest gap between two groups' true positive rates."
    ),
    "equalized_odds_difference": Word(
        "Equalized odds difference",
        "The larger of the gaps in true positive rate and in false positive rate.",
    ),
    "equalized_odds_ratio": Word(
        "Equalized odds ratio",
        "The smaller of the ratios in true positive rate and in false positive rate; 1 is equal.",
    ),
    "average_odds_difference": Word(
        "Average odds difference",
        "Mean of the group's gaps in true and in false positive rate from the reference group.",
    ),
    "predictive_parity_difference": Word(
        "Predictive parity difference", "Largest gap between two groups' precision."
    ),
    "impact_ratio": Word(
        "Impact ratio",
        "A group's selection rate over that of the most selected group; 1 is equal.",
    ),
    "mean_absolute_attribution": Word(
        "Mean attribution",
        "How far a feature moves the model's output on average, in either direction.",
    ),
    "additivity_error": Word(
        "Additivity error",
        "Largest gap of the output and what its attributions add up to; 0 is best.",
    ),
    "convergence_error": Word(
        "Convergence error",
        "Largest gap that integrated gradients leave of the output; 0 is best.",
    ),
    "recourse_share": Word(
        "Recourse found", "Of the rejected rows searched, the share with a change that helps."
    ),
    "recourse_cost": Word(
        "Cost of recourse",
        "Median size of the smallest change, in units of each column's spread; lower is easier.",
    ),
    "recourse_changes": Word(
        "Columns to change", "How many columns the smallest change moves, on average."
    ),
}
"""Metrics with well-known names; any other is shown under its own name in plain letters."""

SUMMARIES = frozenset(
    {
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "equal_opportunity_difference",
        "equalized_odds_difference",
        "equalized_odds_ratio",
        "predictive_parity_difference",
    }
)
"""Gaps over all groups of an attribute, not of one group against its reference."""

SLICES_CHECK = "performance.slices"
"""The check whose numbers set a part of the data against the rest of it."""

_SUFFIXES = {"_difference": " gap", "_ratio": " ratio"}


def base_metric(metric: str) -> str:
    """Return what a disparity compares: `selection_rate` of `selection_rate_ratio`."""
    if metric not in METRICS:
        for suffix in _SUFFIXES:
            if metric.endswith(suffix):
                return metric.removesuffix(suffix)
    return metric


def describe(metric: str) -> Word:
    """Return a metric's title and meaning; "" is the meaning of a metric without a known one."""
    if metric in METRICS:
        return METRICS[metric]
    for suffix, ending in _SUFFIXES.items():
        if metric.endswith(suffix):
            word = describe(metric.removesuffix(suffix))
            how = "minus" if suffix == "_difference" else "over"
            meaning = f"The group's {lower(word.title)} {how} that of the reference group."
            return Word(word.title + ending, meaning)
    return Word(metric.replace("_", " ").capitalize(), "")


def lower(title: str) -> str:
    """Return a title for the middle of a sentence; abbreviations keep their capitals."""
    first = title.split(" ", maxsplit=1)[0]
    return title if first.isupper() and len(first) > 1 else title[:1].lower() + title[1:]


def list_words(words: list[str], limit: int = 4) -> str:
    """Return "a, b and c", or "a, b and others" beyond the limit."""
    shown = [*words[:limit], "others"] if len(words) > limit else words
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]
