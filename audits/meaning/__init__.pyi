# What other rooms may use of this one; each name is imported when it is first asked for.
from .classes import (
    UndecidedError as UndecidedError,
    match_classes as match_classes,
)
from .decisions import (
    describe_ties as describe_ties,
)
from .names import (
    fit_names as fit_names,
)
from .resolve import (
    check_task as check_task,
    resolve_model as resolve_model,
)
from .trial import (
    try_meaning as try_meaning,
)
