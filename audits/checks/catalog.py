"""The checks that come with Assay, in the order in which they run. Adding one is one line here."""

from audits.checks.base import Check, CubeCheck
from audits.checks.disparities import DISPARITIES_CHECK
from audits.checks.explain import EXPLANATIONS
from audits.checks.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.checks.profile import PROFILE
from audits.checks.recourse import RECOURSE
from audits.checks.slices import SLICES

CUBE_CHECKS: tuple[CubeCheck, ...] = (PERFORMANCE_OVERALL, PERFORMANCE_GROUPS, DISPARITIES_CHECK)
"""The checks whose every number can be computed again from the stored cube."""

BUILTIN: tuple[Check | CubeCheck, ...] = (
    PROFILE,
    *CUBE_CHECKS,
    SLICES,
    EXPLANATIONS,
    RECOURSE,
)
