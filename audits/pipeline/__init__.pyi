# What other rooms may use of this one; each name is imported when it is first asked for.
from .checks import (
    PENDING as PENDING,
    Ended as Ended,
    no_news as no_news,
)
from .dependence import (
    MISSING as MISSING,
    OTHER as OTHER,
    Dependence as Dependence,
    compute_dependence as compute_dependence,
)
from .retrain import (
    Retraining as Retraining,
    run_retraining as run_retraining,
)
from .run import (
    Early as Early,
    run_audit as run_audit,
)
from .verify import (
    is_of_another_version as is_of_another_version,
    recompute_problems as recompute_problems,
)
