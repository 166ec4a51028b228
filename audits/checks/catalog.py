"""The checks that come with Assay, in the order in which they run. Adding one is one line here."""

from audits.checks.adverse_impact import ADVERSE_IMPACT
from audits.checks.anchors import ANCHORS
from audits.checks.base import Check, CubeCheck
from audits.checks.classes import CLASSES
from audits.checks.conditional import CONDITIONAL
from audits.checks.consistency import CONSISTENCY
from audits.checks.data_columns import COLUMNS
from audits.checks.data_leakage import LEAKAGE
from audits.checks.data_missing import MISSING_VALUES
from audits.checks.data_reference import REFERENCE
from audits.checks.disparities import DISPARITIES_CHECK
from audits.checks.effects import EFFECTS
from audits.checks.explain import EXPLANATIONS
from audits.checks.explain_errors import ERRORS
from audits.checks.explain_groups import EXPLAIN_GROUPS
from audits.checks.flips import COUNTERFACTUAL
from audits.checks.gap import GAP
from audits.checks.group_gaps import GROUP_GAPS
from audits.checks.interactions import INTERACTIONS
from audits.checks.interventions import INTERVENTIONS
from audits.checks.local_law_144 import LOCAL_LAW_144
from audits.checks.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.checks.permutation import PERMUTATION
from audits.checks.profile import PROFILE
from audits.checks.proxies import PROXIES
from audits.checks.reasons import ADVERSE_ACTION
from audits.checks.recourse import RECOURSE
from audits.checks.recourse_burden import RECOURSE_FAIRNESS
from audits.checks.slices import SLICES
from audits.checks.trust import TRUST

CUBE_CHECKS: tuple[CubeCheck, ...] = (
    PERFORMANCE_OVERALL,
    PERFORMANCE_GROUPS,
    CLASSES,
    DISPARITIES_CHECK,
    GROUP_GAPS,
    CONDITIONAL,
    ADVERSE_IMPACT,
    LOCAL_LAW_144,
    INTERVENTIONS,
)
"""The checks whose every number can be computed again from the stored cube."""

BUILTIN: tuple[Check | CubeCheck, ...] = (
    PROFILE,
    COLUMNS,
    MISSING_VALUES,
    REFERENCE,
    LEAKAGE,
    *CUBE_CHECKS,
    CONSISTENCY,
    COUNTERFACTUAL,
    PROXIES,
    SLICES,
    EXPLANATIONS,
    EXPLAIN_GROUPS,
    INTERACTIONS,
    TRUST,
    EFFECTS,
    PERMUTATION,
    ANCHORS,
    GAP,
    ERRORS,
    ADVERSE_ACTION,
    RECOURSE,
    RECOURSE_FAIRNESS,
)
