# What other rooms may use of this one; each name is imported when it is first asked for.
from .frontier import (
    Point as Point,
    compute_frontier as compute_frontier,
)
from .goals import (
    GOALS as GOALS,
    Costs as Costs,
    GoalName as GoalName,
)
from .halves import (
    split_cube as split_cube,
)
from .methods import (
    Method as Method,
    find_method as find_method,
)
from .mixture import (
    SERVICE as SERVICE,
    GroupRule as GroupRule,
    Mixture as Mixture,
    Part as Part,
    compute_sha256 as compute_sha256,
    decide_by_group as decide_by_group,
    open_mixture as open_mixture,
)
from .outcome import (
    NO_GAP as NO_GAP,
    Effect as Effect,
    Outcome as Outcome,
    compute_outcome as compute_outcome,
    compute_plan_outcome as compute_plan_outcome,
)
from .plan import (
    NoPlan as NoPlan,
    Plan as Plan,
)
from .randomised import (
    compute_group_rules as compute_group_rules,
)
from .remedies import (
    GOAL_OF as GOAL_OF,
    name_intervention as name_intervention,
)
from .service import (
    GROUP as GROUP,
    TRUE as TRUE,
)
from .thresholds import (
    Chooser as Chooser,
)
