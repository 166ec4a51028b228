"""Check `fairness.conditional`: what remains of a gap when legitimate columns are held fixed."""

from __future__ import annotations

from audits.checks.base import CheckResult, CubeCheck, CubeContext, build_measurement
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import list_words
from audits.cube import (
    View,
    choose_reference,
    compute_conditional_difference,
    compute_conditional_disparity,
    split_strata,
)

CODE = "fairness.conditional"
_NO_STRATUM = (
    "no stratum has rows of both groups, or in each of those nobody or everybody was selected"
)
_ALL_ALIKE = "in every stratum nobody or everybody was selected"


def name_held(legitimate: tuple[str, ...]) -> Part:
    """Return what these numbers are of, "holding department fixed"."""
    return Part(PartKind.HELD, f"holding {list_words(list(legitimate), limit=12)} fixed")


def compute_conditional(context: CubeContext) -> CheckResult:
    """Compare every group with its reference group within the strata of the legitimate columns."""
    legitimate = context.spec.data.legitimate
    if context.cube.task != "binary":
        raise CheckNotApplicableError("conditional disparity is about decisions of yes or no")
    if not legitimate:
        raise CheckNotApplicableError(
            "no column is declared that may rightly explain a difference; to hold one fixed, name "
            'it in audit.toml: [data] legitimate = ["..."]'
        )
    found: list[Measurement] = []
    for attributes in context.groupings:
        view = context.view(attributes)
        if len(view.labels) > 1:
            found += _measure(context, view, context.wanted_reference(attributes))
    if not found:
        raise CheckNotApplicableError("every protected column has one group only")
    return CheckResult(tuple(found))


def _measure(context: CubeContext, view: View, wanted: str | None) -> list[Measurement]:
    legitimate = context.spec.data.legitimate
    strata = split_strata(view, legitimate)
    reference = choose_reference(view, wanted)
    difference, p_values = compute_conditional_difference(strata, reference)
    disparity = compute_conditional_disparity(strata, context.generator(f"{CODE}:{view.attribute}"))
    found = []
    for position, label in enumerate(view.labels):
        found.append(
            build_measurement(
                CODE, "conditional_demographic_disparity",
                disparity.result(position, _ALL_ALIKE), unit="points",
                direction="closer_to_zero", attribute=view.attribute, group=label,
                part=name_held(legitimate),
            )
        )  # fmt: skip
        if position != reference:
            found.append(
                build_measurement(
                    CODE, "conditional_selection_rate_difference",
                    difference.result(position, _NO_STRATUM), unit="points",
                    direction="closer_to_zero", attribute=view.attribute, group=label,
                    reference_group=view.labels[reference], p_value=float(p_values[position]),
                    part=name_held(legitimate),
                )
            )  # fmt: skip
    return found


CONDITIONAL = CubeCheck(
    CODE,
    "Fairness with legitimate columns held fixed",
    "Compares groups within the strata of columns that people hold to be good reasons: "
    "conditional demographic disparity, and the difference in selection that remains.",
    compute_conditional,
)
