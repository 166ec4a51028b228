# What other rooms may use of this one; each name is imported when it is first asked for.
from .compare import (
    Comparison as Comparison,
    choose_reference as choose_reference,
    compute_average_odds as compute_average_odds,
    compute_comparison as compute_comparison,
    compute_p_values as compute_p_values,
    find_comparators as find_comparators,
    find_yardsticks as find_yardsticks,
)
from .conditional import (
    compute_conditional_difference as compute_conditional_difference,
    compute_conditional_disparity as compute_conditional_disparity,
    split_strata as split_strata,
)
from .counts.build import (
    MAX_CLASSES as MAX_CLASSES,
    build_cube as build_cube,
    count_classes as count_classes,
)
from .counts.cube import (
    UNKNOWN as UNKNOWN,
    Cube as Cube,
)
from .counts.keys import (
    number_combinations as number_combinations,
)
from .counts.merge import (
    merge_cubes as merge_cubes,
    suppress_small_cells as suppress_small_cells,
)
from .counts.scored import (
    ScoredCounts as ScoredCounts,
)
from .counts.values import (
    Values as Values,
    estimate_mean as estimate_mean,
    estimate_share as estimate_share,
    to_result as to_result,
)
from .counts.view import (
    View as View,
    compute_view as compute_view,
)
from .disparities import (
    DISPARITIES as DISPARITIES,
    Disparity as Disparity,
    DisparityResult as DisparityResult,
    compute_disparities as compute_disparities,
    compute_spread as compute_spread,
    compute_summary as compute_summary,
)
from .distances import (
    DISTANCES as DISTANCES,
    compute_distance as compute_distance,
)
from .intervals.agree import (
    reconcile as reconcile,
)
from .intervals.chosen import (
    Gaps as Gaps,
    compute_gaps as compute_gaps,
    list_rivals as list_rivals,
)
from .intervals.hypergeometric import (
    compute_exact_test as compute_exact_test,
)
from .intervals.intervals import (
    CONFIDENCE as CONFIDENCE,
    Interval as Interval,
    compute_difference as compute_difference,
    compute_holm as compute_holm,
    compute_mean_interval as compute_mean_interval,
    compute_ratio as compute_ratio,
    compute_share_interval as compute_share_interval,
    compute_two_share_p as compute_two_share_p,
    compute_welch_p as compute_welch_p,
    normal_quantile as normal_quantile,
)
from .intervals.means import (
    compute_mean as compute_mean,
)
from .intervals.paired import (
    Pairs as Pairs,
    compute_paired_change as compute_paired_change,
)
from .intervals.probability import (
    compute_calibration as compute_calibration,
)
from .intervals.resample import (
    resample_counts as resample_counts,
)
from .metrics import (
    BINARY as BINARY,
    METRICS as METRICS,
    Metric as Metric,
    available_metrics as available_metrics,
)
from .ranking import (
    compute_auc as compute_auc,
    tabulate_precision_recall as tabulate_precision_recall,
    tabulate_roc as tabulate_roc,
)
from .rates import (
    RATES as RATES,
    Rate as Rate,
)
from .thresholds import (
    Decided as Decided,
    Sweep as Sweep,
    list_thresholds as list_thresholds,
)
