# What other rooms may use of this one; each name is imported when it is first asked for.
from .base import (
    CUBE_FILE as CUBE_FILE,
    PREDICTIONS_FILE as PREDICTIONS_FILE,
    Check as Check,
    CheckResult as CheckResult,
    Context as Context,
    CubeCheck as CubeCheck,
    CubeContext as CubeContext,
    EvidenceFile as EvidenceFile,
    Progress as Progress,
    class_cube_file as class_cube_file,
)
from .builtin import (
    BUILTIN as BUILTIN,
    CUBE_CHECKS as CUBE_CHECKS,
)
from .catalogue import (
    Chapter as Chapter,
    build_catalogue as build_catalogue,
    render_markdown as render_markdown,
)
from .data.columns import (
    COLUMNS_CHECK as COLUMNS_CHECK,
    COLUMNS_FILE as COLUMNS_FILE,
)
from .data.leakage import (
    LEAKAGE_CHECK as LEAKAGE_CHECK,
    LEAKAGE_FILE as LEAKAGE_FILE,
)
from .data.missing import (
    MISSING_CHECK as MISSING_CHECK,
    MISSING_FILE as MISSING_FILE,
)
from .data.profile import (
    PROFILE_CHECK as PROFILE_CHECK,
    count_groups as count_groups,
)
from .explain.attributions import (
    name_column as name_column,
)
from .explain.effects import (
    name_quantile as name_quantile,
)
from .fairness.adverse_impact import (
    count_selected as count_selected,
)
from .fairness.interventions import (
    INTERVENTIONS as INTERVENTIONS,
)
from .recourse.counterfactuals import (
    resolve_section as resolve_section,
)
from .rules.local_law_144 import (
    LOCAL_LAW_CHECK as LOCAL_LAW_CHECK,
    RATES as RATES,
    build_summaries as build_summaries,
)
