"""The metrics of explanations and recourse in plain words: what is worked out row by row."""

from __future__ import annotations

from audits.core.words.word import Word

ROW_METRICS: dict[str, Word] = {
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
"""Shares of a prediction, tests of explanations, what would change a decision."""
