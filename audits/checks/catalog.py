"""The checks that come with Assay, in the order in which they run. Adding one is one line here."""

from audits.checks.base import Check
from audits.checks.disparities import DISPARITIES_CHECK
from audits.checks.explain import EXPLANATIONS
from audits.checks.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.checks.profile import PROFILE
from audits.checks.recourse import RECOURSE

BUILTIN: tuple[Check, ...] = (
    PROFILE,
    PERFORMANCE_OVERALL,
    PERFORMANCE_GROUPS,
    DISPARITIES_CHECK,
    EXPLANATIONS,
    RECOURSE,
)
