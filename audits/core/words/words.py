"""The metrics in plain words: titles and meanings, for every place where people read them."""

from __future__ import annotations

from audits.core.words.row_words import ROW_METRICS
from audits.core.words.word import Word

METRICS: dict[str, Word] = {
    "count": Word("Rows", "How many rows of the data."),
    "missing_share": Word("Missing values", "Share of rows without a value in this column."),
    "missing_share_difference": Word(
        "Gap in missing values",
        "How much more often the group lacks a value in this column than the reference group; "
        "p-values are adjusted (Holm) over all columns and groups.",
    ),
    "constant_columns": Word("Constant columns", "How many columns have one value only, or none."),
    "duplicate_columns": Word(
        "Repeated columns", "How many columns have the values of an earlier one in every row."
    ),
    "identifier_columns": Word(
        "Id-like columns of the model",
        "How many columns of the model have another value in nearly every row, as an id has; a "
        "model can learn such rows by heart, but nothing from them.",
    ),
    "repeated_rows": Word(
        "Repeated rows", "Share of rows that are equal to an earlier one in all columns but the id."
    ),
    "reference_overlap": Word(
        "Rows in the reference too",
        "Share of audited rows that are identical to a reference row in the model's columns and "
        "the outcome.",
    ),
    "reference_overlap_expected": Word(
        "Reference rows with a twin",
        "Share of reference rows that are identical to another one: how many audited rows chance "
        "alone would put there.",
    ),
    "reference_overlap_excess": Word(
        "Rows in the reference beyond chance",
        "Share of audited rows that are identical to a reference row, beyond what chance would put "
        "there. A model may know such rows by heart, which flatters every measure of it.",
    ),
    "unseen_share": Word(
        "Unseen categories",
        "Share of this column's values that no reference row has.",
    ),
    "outside_range_share": Word(
        "Outside the reference's range",
        "Share of this column's numbers below the lowest or above the highest reference value.",
    ),
    "column_auc": Word(
        "AUC of the column alone",
        "In what share of pairs of rows with different outcomes the column alone tells which is "
        "which; 0.5 is chance, 1 gives the outcome away.",
    ),
    "strongest_column_auc": Word(
        "AUC of the strongest column",
        "In what share of pairs of rows with different outcomes the model's strongest column alone "
        "tells which is which. Near 1 it may hold what is only known afterwards.",
    ),
    "typical_column_auc": Word(
        "AUC of the typical other column",
        "The same for the model's other columns: half of them tell fewer pairs apart.",
    ),
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
    "macro_precision": Word(
        "Macro precision", "Precision of each predicted class, averaged over the classes."
    ),
    "macro_roc_auc": Word(
        "Macro ROC AUC",
        "ROC AUC of each class against all others, averaged over the classes.",
    ),
    "treatment_equality": Word(
        "Errors against over errors in favour",
        "False negatives for each false positive: above 1, errors fall more often against people.",
    ),
    "generalized_entropy_index": Word(
        "Generalized entropy",
        "How unequally people benefit from the decisions, within and between groups; 0 is equal.",
    ),
    "theil_index": Word(
        "Theil index",
        "How unequally people benefit from the decisions, large gaps weighing less; 0 is equal.",
    ),
    "roc_auc_binning_error": Word(
        "Rounding of the ROC AUC",
        "The most that keeping scores in bins can have changed the ROC AUC.",
    ),
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
    "mean_score": Word("Mean score", "Average of the scores."),
    "mean_absolute_error": Word(
        "Mean absolute error", "Average size of the error, in the target's unit."
    ),
    "root_mean_squared_error": Word(
        "Root mean squared error",
        "Typical size of the error, in the target's unit; large errors weigh more.",
    ),
    "r2": Word("R²", "Share of the target's variation that the model explains."),
    "mean_outcome": Word("Mean outcome", "Average of the true values."),
    "mean_prediction": Word("Mean prediction", "Average of what the model predicts."),
    "mean_residual": Word(
        "Mean residual",
        "Average of prediction minus true value; above zero the model predicts too much.",
    ),
    "standardized_mean_residual": Word(
        "Standardized mean residual",
        "Mean residual in standard deviations of the true values of all rows.",
    ),
    "relative_mean_absolute_error": Word(
        "Relative mean absolute error", "Mean absolute error over that of all rows."
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
    "consistency": Word(
        "Consistency",
        "How much the decision on a person is like those on the five people most alike; 1 is best.",
    ),
    "conditional_demographic_disparity": Word(
        "Conditional demographic disparity",
        "A group's share among those turned down minus its share among those selected, among "
        "people alike in the columns held fixed; above 0 is to its loss.",
    ),
    "conditional_selection_rate_difference": Word(
        "Selection rate gap, columns held fixed",
        "The group's selection rate minus that of the reference group, among people alike in the "
        "columns held fixed.",
    ),
    "score_kolmogorov_smirnov": Word(
        "Largest gap at any threshold",
        "How far apart the shares of two groups above a threshold can be, at the threshold where "
        "they differ most; 0 is alike.",
    ),
    "score_wasserstein": Word(
        "Distance of scores",
        "How far scores of one group would have to move on average to look like the other's; "
        "0 is alike.",
    ),
    "impact_ratio": Word(
        "Impact ratio",
        "A group's selection rate over that of the most selected group; 1 is equal.",
    ),
    "selection_shortfall": Word(
        "Shortfall in persons",
        "How many more of the group would have been selected at the rate of both groups together.",
    ),
    "selection_rate_z": Word(
        "z of the selection rates",
        "Distance of the two selection rates in pooled standard errors; beyond ±1.96 is rare.",
    ),
    "selection_rate_fisher_p": Word(
        "Fisher's exact p",
        "Chance, if both groups were treated alike, of a table at most as likely as this one.",
    ),
    "selection_rate_mid_p": Word(
        "Mid-p", "Fisher's exact p with half of the tables that are equally likely."
    ),
    "unknown_count": Word(
        "Of unknown category", "How many people's sex, race or ethnicity is not known."
    ),
    "median_score": Word("Median score", "Half of the scores are above it, half are not."),
    "scoring_rate": Word("Scoring rate", "Share of people whose score is above the median."),
    "scoring_impact_ratio": Word(
        "Impact ratio of scores",
        "A group's scoring rate over the highest group's; 1 is equal.",
    ),
    "equal_accuracy_difference": Word(
        "Equal accuracy difference", "Largest gap between two groups' accuracy."
    ),
    "gap_before": Word("Gap before", "The goal's gap between groups as decisions are now."),
    "gap_after": Word("Gap after", "The goal's gap between groups with the other thresholds."),
    "accuracy_before": Word("Accuracy before", "Accuracy as decisions are now."),
    "accuracy_after": Word("Accuracy after", "Accuracy with the other thresholds."),
    "accuracy_change": Word(
        "Change in accuracy", "Accuracy with the other thresholds minus accuracy as it is."
    ),
    "score_threshold": Word(
        "Threshold", "The score from which a row of this group would get the favourable outcome."
    ),
    **ROW_METRICS,
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

GOALS: dict[str, Word] = {
    "demographic_parity": Word(
        "Demographic parity", "Every group gets the favourable outcome equally often."
    ),
    "equal_opportunity": Word(
        "Equal opportunity",
        "Of those whose true outcome is favourable, every group gets it equally often.",
    ),
    "equalized_odds": Word(
        "Equalized odds",
        "As equal opportunity, and of those whose true outcome is not favourable, every group "
        "gets it equally often as well.",
    ),
    "equal_accuracy": Word("Equal accuracy", "Decisions are right equally often in every group."),
    "least_cost": Word("Least cost", "Wrong decisions cost as little as possible; no gap counts."),
}
"""What an intervention may aim for."""

ATTRIBUTE_WARNING = (
    "Thresholds by group use the protected attribute at the moment of decision. The law may "
    "forbid that: in the United States the Equal Credit Opportunity Act (Regulation B, 12 CFR "
    "1002.4) in lending, and 42 USC 2000e-2(l), which bans cutoff scores that differ by race, "
    "colour, religion, sex or national origin, in hiring."
)
EFFECTS_CHECK = "explain.effects"
"""The check whose evidence holds the columns' curves."""

PERMUTATION_CHECK = "explain.permutation"
"""The check of what is lost without each column."""

ANCHORS_CHECK = "explain.anchors"
"""The check whose evidence holds the rules."""

SLICES_CHECK = "performance.slices"
"""The check whose numbers set a part of the data against the rest of it."""

_SUFFIXES = {
    "_gap_ratio": (
        " ratio to the better off",
        "The group's {lower} over that of a group that is better off.",
    ),
    "_gap": (
        " gap to the better off",
        "By how much the group is worse off in {lower} than the other group.",
    ),
    "_difference": (" gap", "The group's {lower} minus that of the reference group."),
    "_ratio": (" ratio", "The group's {lower} over that of the reference group."),
}


_HIGHER_IS_WORSE = (
    "false_negative_rate", "false_omission_rate", "false_discovery_rate", "log_loss", "brier_score",
    "expected_calibration_error", "mean_absolute_error", "relative_mean_absolute_error",
    "root_mean_squared_error", "recourse_cost", "recourse_median_cost",
)  # fmt: skip


def is_higher_worse(metric: str) -> bool:
    """Whether the group with the higher number is the worse off, of a metric or of its gap."""
    return base_metric(metric) in _HIGHER_IS_WORSE


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
    for suffix, (ending, meaning) in _SUFFIXES.items():
        if metric.endswith(suffix):
            word = describe(metric.removesuffix(suffix))
            return Word(word.title + ending, meaning.format(lower=lower(word.title)))
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
