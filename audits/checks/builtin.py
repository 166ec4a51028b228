"""The checks that come with Assay, in the order in which they run. Adding one is one line here."""

from audits.checks.base import Check, CubeCheck
from audits.checks.data.columns import COLUMNS
from audits.checks.data.leakage import LEAKAGE
from audits.checks.data.missing import MISSING_VALUES
from audits.checks.data.profile import PROFILE
from audits.checks.data.reference import REFERENCE
from audits.checks.explain.anchors import ANCHORS
from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.explain.effects import EFFECTS
from audits.checks.explain.errors import ERRORS
from audits.checks.explain.gap import GAP
from audits.checks.explain.groups import EXPLAIN_GROUPS
from audits.checks.explain.interactions import INTERACTIONS
from audits.checks.explain.permutation import PERMUTATION
from audits.checks.explain.trust import TRUST
from audits.checks.fairness.adverse_impact import ADVERSE_IMPACT
from audits.checks.fairness.conditional import CONDITIONAL
from audits.checks.fairness.consistency import CONSISTENCY
from audits.checks.fairness.counterfactual import COUNTERFACTUAL
from audits.checks.fairness.disparities import DISPARITIES_CHECK
from audits.checks.fairness.group_gaps import GROUP_GAPS
from audits.checks.fairness.interventions import INTERVENTIONS
from audits.checks.fairness.proxies import PROXIES
from audits.checks.performance.classes import CLASSES
from audits.checks.performance.performance import PERFORMANCE_GROUPS, PERFORMANCE_OVERALL
from audits.checks.performance.slices import SLICES
from audits.checks.recourse.counterfactuals import RECOURSE
from audits.checks.recourse.fairness import RECOURSE_FAIRNESS
from audits.checks.rules.adverse_action import ADVERSE_ACTION
from audits.checks.rules.local_law_144 import LOCAL_LAW_144

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
