# What other rooms may use of this one; each name is imported when it is first asked for.
from .columns import (
    MARGIN as MARGIN,
    PROBABILITY as PROBABILITY,
    TARGET as TARGET,
)
from .effects.dependence import (
    Binned as Binned,
    compute_categories as compute_categories,
    compute_numeric as compute_numeric,
)
from .effects.effects import (
    QUANTILES as QUANTILES,
    Effect as Effect,
    Range as Range,
    compute_effects as compute_effects,
    compute_row_budget as compute_row_budget,
)
from .effects.grid import (
    POINTS as POINTS,
    NoEffect as NoEffect,
)
from .effects.permutation import (
    REPEATS as REPEATS,
    PermutationImportance as PermutationImportance,
    compute_permutation_importance as compute_permutation_importance,
)
from .engine import (
    Explainer as Explainer,
    Settings as Settings,
    concatenate as concatenate,
    prepare_explainer as prepare_explainer,
)
from .evidence import (
    find_attributions as find_attributions,
    find_positions as find_positions,
    iterate_values as iterate_values,
    read_method as read_method,
)
from .groups.gap import (
    GapShares as GapShares,
)
from .groups.gap_service import (
    GROUP_ROWS as GROUP_ROWS,
    decompose_gap as decompose_gap,
)
from .groups.importance import (
    DIFFERENCE_METHOD as DIFFERENCE_METHOD,
    METHOD as METHOD,
    CohortImportance as CohortImportance,
    CohortShare as CohortShare,
    PartDifferences as PartDifferences,
    PartMeans as PartMeans,
    PartSums as PartSums,
    adjust_known as adjust_known,
    choose_important as choose_important,
    compute_cohort_importance as compute_cohort_importance,
    compute_part_differences as compute_part_differences,
    compute_zero_p as compute_zero_p,
)
from .groups.loss import (
    LossShapley as LossShapley,
)
from .groups.loss_service import (
    choose_sizes as choose_sizes,
    explain_losses as explain_losses,
    name_loss as name_loss,
)
from .groups.losses import (
    build_losses as build_losses,
)
from .groups.reasons import (
    MAX_REASONS as MAX_REASONS,
    ReasonCodes as ReasonCodes,
    Reasons as Reasons,
    build_codes as build_codes,
    compute_overlap as compute_overlap,
    compute_reasons as compute_reasons,
)
from .methods import (
    AUTO as AUTO,
    DEEPLIFT as DEEPLIFT,
    GRADIENT_SHAP as GRADIENT_SHAP,
    INTEGRATED_GRADIENTS as INTEGRATED_GRADIENTS,
    INTERVENTIONAL_SHAP as INTERVENTIONAL_SHAP,
    LINEAR_SHAP as LINEAR_SHAP,
    METHODS as METHODS,
    PERMUTATION_SHAP as PERMUTATION_SHAP,
    TREE_SHAP as TREE_SHAP,
    ZERO as ZERO,
)
from .networks.batches import (
    Output as Output,
    compute_in_batches as compute_in_batches,
)
from .rules.anchors import (
    LICENCE as LICENCE,
    Anchor as Anchor,
    NoAnchor as NoAnchor,
    search_anchors as search_anchors,
)
from .rules.conditions import (
    find_covered as find_covered,
)
from .sampled.any_model import (
    build_score as build_score,
)
from .sampled.blend import (
    FrameBlender as FrameBlender,
)
from .service import (
    ENGINES as ENGINES,
)
from .trees.by_rows import (
    Interactions as Interactions,
    compute_interactions as compute_interactions,
)
from .trust.curves import (
    compute_curves as compute_curves,
)
from .trust.measures import (
    choose_top as choose_top,
    compute_changes as compute_changes,
    compute_gaps as compute_gaps,
    compute_overlaps as compute_overlaps,
    compute_rank_correlations as compute_rank_correlations,
    estimate_mean as estimate_mean,
)
from .trust.noise import (
    count_moved as count_moved,
    move_a_little as move_a_little,
)
