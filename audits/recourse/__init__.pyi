# What other rooms may use of this one; each name is imported when it is first asked for.
from .burden.burden import (
    Burden as Burden,
    choose_effort as choose_effort,
    compare_columns as compare_columns,
    compare_mean_cost as compare_mean_cost,
    compare_shares as compare_shares,
    compute_burden as compute_burden,
    compute_effort_curve as compute_effort_curve,
    count_within as count_within,
    select_rows as select_rows,
)
from .burden.burden_table import (
    StoredBurden as StoredBurden,
    read_burden as read_burden,
    tabulate_burden as tabulate_burden,
)
from .burden.costs import (
    compute_costlier as compute_costlier,
    compute_median as compute_median,
    compute_shift as compute_shift,
    reconcile_shift as reconcile_shift,
)
from .burden.flips import (
    compute_turned as compute_turned,
    match_column as match_column,
    replace_values as replace_values,
)
from .burden.sampling import (
    Draw as Draw,
    draw_rows as draw_rows,
)
from .columns import (
    build_columns as build_columns,
)
from .engines.engines import (
    ENGINES as ENGINES,
    run_search as run_search,
)
from .engines.outcome import (
    EngineOutcome as EngineOutcome,
)
from .engines.postprocess import (
    RecourseTask as RecourseTask,
)
from .engines.reinforcement import (
    LICENCE as LICENCE,
)
from .proof.resolve import (
    resolve_results as resolve_results,
)
from .result import (
    RecourseResult as RecourseResult,
)
from .rules.blocks import (
    find_blocks as find_blocks,
    name_block as name_block,
)
from .rules.constraints import (
    price_columns as price_columns,
)
from .rules.defaults import (
    DIRECTIONS as DIRECTIONS,
    find_defaults as find_defaults,
    resolve_recourse as resolve_recourse,
)
from .rules.edits import (
    Violation as Violation,
    find_violations as find_violations,
)
from .rules.overrides import (
    build_limits as build_limits,
)
from .rules.rule_checks import (
    check_rule_columns as check_rule_columns,
)
from .rules.rules import (
    ActionRules as ActionRules,
    RowLimits as RowLimits,
    build_rules as build_rules,
)
from .search.goals import (
    BecomeClass as BecomeClass,
    FallWithin as FallWithin,
    Goal as Goal,
    ReachScore as ReachScore,
)
from .tables import (
    read_counterfactuals as read_counterfactuals,
    read_no_recourse as read_no_recourse,
    tabulate_counterfactuals as tabulate_counterfactuals,
    tabulate_no_recourse as tabulate_no_recourse,
)
from .worker.remote import (
    WorkerScorer as WorkerScorer,
)
