# What other rooms may use of this one; each name is imported when it is first asked for.
from .comparison import (
    Change as Change,
    Comparison as Comparison,
    Outcome as Outcome,
    RunRef as RunRef,
    VerdictChange as VerdictChange,
    Way as Way,
    find_who as find_who,
)
from .run import (
    run_comparison as run_comparison,
)
from .scale import (
    is_better as is_better,
)
from .sentences import (
    drop_doubles as drop_doubles,
    name_number as name_number,
    pick_varied as pick_varied,
    render_change as render_change,
    render_difference as render_difference,
    render_headline as render_headline,
    render_interval as render_interval,
    render_left_out as render_left_out,
    render_signed as render_signed,
    render_value as render_value,
    render_verdict as render_verdict,
)
from .subjects import (
    ask as ask,
    ask_before as ask_before,
    check_comparable as check_comparable,
)
