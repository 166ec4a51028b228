# What other rooms may use of this one; each name is imported when it is first asked for.
from .attributions import (
    measure_cohort_attributions as measure_cohort_attributions,
)
from .conditions import (
    DECISION as DECISION,
    NO as NO,
    OUTCOME as OUTCOME,
    SCORE as SCORE,
    YES as YES,
    RunColumns as RunColumns,
    list_run_columns as list_run_columns,
    parse_run_condition as parse_run_condition,
    render_group_condition as render_group_condition,
)
from .drivers import (
    explain_cohort as explain_cohort,
)
from .measure import (
    measure_cohort as measure_cohort,
)
from .rows import (
    FindInData as FindInData,
    find_cohort_rows as find_cohort_rows,
)
