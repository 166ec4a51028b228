# What other rooms may use of this one; each name is imported when it is first asked for.
from .judging.coverage import (
    explain_unjudged as explain_unjudged,
    list_idle_rules as list_idle_rules,
)
from .judging.judge import (
    compute_verdicts as compute_verdicts,
)
from .names import (
    check_policy_names as check_policy_names,
)
from .policy import (
    DEFAULT_PRESETS as DEFAULT_PRESETS,
    IN_FORCE as IN_FORCE,
    Rule as Rule,
    list_presets as list_presets,
    load_policy as load_policy,
    read_preset as read_preset,
)
from .reference import (
    render_reference as render_reference,
)
from .rule import (
    Policy as Policy,
)
from .words import (
    render_expired as render_expired,
    render_policy as render_policy,
    render_rule as render_rule,
    render_waiver as render_waiver,
)
