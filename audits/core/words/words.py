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
    "mean_absolute_attribution": Word(
        "Mean attribution",
        "How far a feature moves the model's output on average, in either direction.",
    ),
    "mean_absolute_interaction": Word(
        "Mean interaction",
        "How far two features together move the model's output on average, in either direction, "
        "beyond what each does alone.",
    ),
    "mean_attribution": Word(
        "Mean signed attribution",
        "How far a feature moves the model's output on average; above 0 it pushes outputs up.",
    ),
    "proxy_auc": Word(
        "Proxy AUC",
        "In what share of pairs, one person of the group and one of the others, the column tells "
        "which is which; 0.5 is chance, 1 gives the group away.",
    ),
    "score_proxy_auc": Word(
        "Score as a sign of the group",
        "In what share of pairs, one person of the group and one of the others, the group's has "
        "the higher score; 0.5 is chance.",
    ),
    "mean_loss_attribution": Word(
        "Effect on the error",
        "How much knowing this column changes the model's error on average (log loss; squared "
        "error for a regression); above 0 it makes predictions worse.",
    ),
    "mean_loss_attribution_wrong": Word(
        "Effect on the error, wrong rows",
        "The same among the rows that the model gets wrong (for a regression: the quarter with the "
        "largest errors); above 0 the column makes these errors larger.",
    ),
    "gap_share": Word(
        "Share of the gap",
        "How much of the gap between two groups this column makes; all columns' shares add up to "
        "the gap. A negative share widens a negative gap.",
    ),
    "gap_pairing_error": Word(
        "Error of pairing",
        "What the pairs of people that were compared miss of the gap measured on all rows; 0 is "
        "best.",
    ),
    "reason_share": Word(
        "Told this reason",
        "Share of rejected people among whose principal reasons this one is.",
    ),
    "reason_stability": Word(
        "Reasons that stay the same",
        "Share of a person's reasons that two halves of the applicants near the cut-off agree on.",
    ),
    "reason_agreement": Word(
        "Agreement of the two methods",
        "Share of a person's reasons that stay the same when applicants at large, not those near "
        "the cut-off, are compared with.",
    ),
    "prohibited_reason_share": Word(
        "Rejections with a prohibited reason",
        "Share of rejected people for whom a column that may not be a reason weighs as much as "
        "one. It is left out of what they are told; the model uses it all the same.",
    ),
    "attribution_error": Word(
        "Error of sampled attributions",
        "Half of the widest 95% interval of any sampled attribution; 0 is best.",
    ),
    "additivity_error": Word(
        "Additivity error",
        "Largest gap of the output and what its attributions add up to; 0 is best.",
    ),
    "trust_deletion": Word(
        "Move by the top columns",
        "How many times as far the score moves when the explanation's top columns are shuffled as "
        "when random ones are; 1 is no better than random.",
    ),
    "trust_insertion": Word(
        "Hold of the top columns",
        "How many times as near to its own score a row stays that keeps only the explanation's "
        "top columns as one that keeps random ones; 1 is no better than random.",
    ),
    "trust_claim": Word(
        "Moves as claimed",
        "By how much the score moves where the explanation says that shuffling some columns moves "
        "it by 1; 0 says that it explains something else.",
    ),
    "trust_deletion_area": Word(
        "Area of deletion",
        "Taking columns away in the explanation's order against a random one: the area between "
        "the two curves, as a share of the whole way; above 0 the order is better than chance.",
    ),
    "trust_insertion_area": Word(
        "Area of insertion",
        "Putting columns in in the explanation's order against a random one: the area between "
        "the two curves, as a share of the whole way; above 0 the order is better than chance.",
    ),
    "trust_agreement": Word(
        "Agreement with a method for the same numbers",
        "Rank correlation of a row's columns with a method that estimates the same numbers, ties "
        "within sampling errors counted as agreement; 1 is the same order.",
    ),
    "trust_agreement_top": Word(
        "Top columns shared with a method for the same numbers",
        "Share of a row's top columns that a method which estimates the same numbers has too.",
    ),
    "trust_other_agreement": Word(
        "Agreement with a method for another question",
        "Rank correlation of a row's columns with a method that asks another question where "
        "columns are correlated or act together, ties within sampling errors counted as "
        "agreement; a difference is lawful.",
    ),
    "trust_other_agreement_top": Word(
        "Top columns shared with a method for another question",
        "Share of a row's top columns that a method has too that asks another question where "
        "columns are correlated or act together; a difference is lawful.",
    ),
    "trust_noise": Word(
        "Stability under small moves",
        "Rank correlation of a row's columns before and after its numbers move by a few percent "
        "of their spread; 1 is the same order.",
    ),
    "trust_noise_change": Word(
        "Change under small moves",
        "Largest change of a row's explanation when its numbers move by a few percent of their "
        "spread, relative to its size; 0 is none.",
    ),
    "trust_background": Word(
        "Stability under other reference rows",
        "Rank correlation of a row's columns against two disjoint halves of the reference rows; 1 "
        "is the same order.",
    ),
    "trust_background_change": Word(
        "Change under other reference rows",
        "Change of a row's explanation between two disjoint halves of the reference rows, relative "
        "to its size; 0 is none.",
    ),
    "trust_additivity": Word(
        "Missing from the sum",
        "What the parts miss of the output on average, in standard deviations of the outputs; 0 is "
        "best.",
    ),
    "trust_sampling": Word(
        "Sampling error of the values",
        "Stated errors of a row's sampled values relative to the values; 0 is best.",
    ),
    "convergence_error": Word(
        "Convergence error",
        "Largest gap that integrated gradients leave of the output; 0 is best.",
    ),
    "partial_dependence_range": Word(
        "Range of the partial dependence",
        "Highest minus lowest mean answer, when every row is given each value of the column.",
    ),
    "accumulated_effect_range": Word(
        "Range of the accumulated effect",
        "Highest minus lowest point of the effect added up from small steps between rows alike.",
    ),
    "permutation_brier_score": Word(
        "Rise in Brier score",
        "How much the Brier score rises when the column's values are shuffled.",
    ),
    "permutation_log_loss": Word(
        "Rise in log loss",
        "How much the log loss rises when the column's values are shuffled.",
    ),
    "permutation_roc_auc": Word(
        "Fall in ROC AUC",
        "How much the ROC AUC falls when the column's values are shuffled.",
    ),
    "permutation_squared_error": Word(
        "Rise in squared error",
        "How much the mean squared error rises when the column's values are shuffled.",
    ),
    "anchors_found": Word(
        "Rules found",
        "For how many of the rows tried a rule keeps at least 95% of made-up rows' decisions.",
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
    "no_recourse_proven": Word(
        "No recourse, proven",
        "Of the searched rows without recourse, the share for which it is proven that no allowed "
        "change of as many columns as may change helps.",
    ),
    "recourse_answers_failed": Word(
        "Answers that failed",
        "Of the answers that the engine proposed, the share that was dropped: the model did not "
        "repeat its answer, a rule was broken, or too many columns changed.",
    ),
    "recourse_rows": Word("Rejected rows searched", "How many rejected rows the comparison has."),
    "recourse_effort": Word(
        "Effort",
        "The cost of recourse at which groups are compared: the settings', or the median of all.",
    ),
    "recourse_median_cost": Word(
        "Median least cost",
        "What the cheapest change found costs half of the rejected rows at most, in units of each "
        "column's spread; rows without recourse count as costlier than any.",
    ),
    "recourse_within_effort": Word(
        "Within reach",
        "Of the rejected rows searched, the share that the same effort would get accepted.",
    ),
    "recourse_dearer": Word(
        "Chance of costlier recourse",
        "Of all pairs of a rejected row of the group and one of the reference group, the share in "
        "which the group's has the costlier recourse (none at all is costliest, ties count half); "
        "50% is equal. The p-value of the rank test is adjusted (Holm) over all groups compared.",
    ),
    "recourse_cost_shift": Word(
        "Extra cost of recourse",
        "How much costlier the group's recourse is in the median pair of a rejected row of the "
        "group and one of the reference group. The p-value is that of the rank test, adjusted "
        "(Holm).",
    ),
    "recourse_mean_cost_difference": Word(
        "Gap in mean cost",
        "Mean least cost of the group's rows with recourse minus that of the reference group's; "
        "by column, what of it falls on each: these add up. Their p-values are adjusted (Holm).",
    ),
    "recourse_change_share_difference": Word(
        "Gap in asking for a column",
        "How much more often the cheapest changes of the group move this column than those of the "
        "reference group; p-values are adjusted (Holm) over the columns.",
    ),
    "flip_turned_share": Word(
        "Decisions that turn",
        "Share of rows that would be decided otherwise with the protected value of another group "
        "and what is declared to follow from it; 0 is best.",
    ),
    "flip_gained_share": Word(
        "Accepted only in the other group",
        "Share of the group's rows that are turned down and would be accepted as the other group.",
    ),
    "flip_lost_share": Word(
        "Accepted only in their own group",
        "Share of the group's rows that are accepted and would be turned down as the other group.",
    ),
    "flip_score_change": Word(
        "Change of the prediction",
        "By how much the prediction moves on average when rows are made rows of the other group.",
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
