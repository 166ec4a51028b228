"""What helps is offered only where it surely narrows the finding's own gap at no more than the
stated cost; else it is said why it does not."""

from __future__ import annotations

from importlib import import_module

import pytest

from audits.core.report.codes import INTERVENTIONS_CHECK
from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Cause, Status, Verdict
from audits.findings import explain_finding, find_help, find_worst, list_explained
from audits.mitigate.remedies import name_intervention

reports = import_module("tests.model_cards.conftest")
measure, make_report = reports.measure, reports.make_report

PAIR = {"attribute": "race", "group": "B", "reference_group": "C"}


def found_gap(metric: str = "selection_rate") -> list[Measurement]:
    """Return a finding: B is 20 points behind C."""
    rates = [
        measure(metric, value, 2_000, half=0.02, attribute="race", group=group)
        for group, value in (("B", 0.4), ("C", 0.6))
    ]
    gap = measure(f"{metric}_gap", 0.2, 4_000, unit="points", half=0.03, p_value=1e-9,
                  check="fairness.gaps", **PAIR)  # fmt: skip
    return [*rates, gap]


def tried(
    by_group: bool, before: float, after: float, half: float, change: float, *,
    goal: str = "demographic_parity", left: float | None = None,
) -> list[Measurement]:  # fmt: skip
    part = name_intervention(goal, "race", by_group=by_group).text
    own = {"unit": "points", "check": INTERVENTIONS_CHECK, "slice": part}
    whole = {"attribute": "race"}
    return [
        measure("gap_before", before, 2_000, half=0.02, **own, **PAIR),
        measure("gap_after", after, 2_000, half=half, **own, **PAIR),
        measure("gap_before", before, 2_000, half=0.02, **own, **whole),
        measure("gap_after", after if left is None else left, 2_000, half=half, **own, **whole),
        measure("accuracy_change", change, 2_000, half=0.005, **own, **whole),
    ]  # fmt: skip


def report_of(items: list[Measurement], metric: str = "selection_rate", **mitigate: float):
    verdict = Verdict(
        rule="parity", status=Status.FAIL, measurement=f"{metric}_gap[race=B|C]", threshold=0.1,
        reason="", cause=Cause.BREACH,
    )  # fmt: skip
    return make_report(items, verdicts=[verdict], spec={"mitigate": mitigate})


@pytest.mark.parametrize(
    ("one", "offered", "said"),
    [
        ((0.2, 0.01, 0.009, -0.01), True,
         "One other threshold for everybody narrows the gap between B and C from 20.0 points to "
         "1.0 points (95% interval 0.1 to 1.9) and costs 1.0 points of accuracy (95% interval 0.5 to "
         "1.5), on the half of the rows that was not used to choose. The goal, at most 2.0 points "
         "between any two groups, is met."),
        ((0.2, 0.05, 0.03, -0.01), True, "is missed: 5.0 points (95% interval 2.0 to 8.0) remain"),
        ((0.2, 0.01, 0.03, 0.02), True, "gains 2.0 points of accuracy"),
        ((0.2, 0.01, 0.03, 0.001), True, "leaves accuracy about as it is"),
        ((0.2, -0.05, 0.02, -0.01), True, "to 5.0 points the other way"),
        ((0.2, 0.25, 0.02, 0.01), False, "does not surely narrow the gap between B and C: 20.0"),
        ((0.2, 0.15, 0.06, 0.01), False, "does not surely narrow"),
        ((0.2, -0.3, 0.02, 0.01), False, "does not surely narrow"),
        ((0.2, 0.01, 0.02, -0.06), False,
         "but cost 6.0 points of accuracy (95% interval 5.5 to 6.5): more than the 5.0 points that "
         "this audit allows."),
    ],
)  # fmt: skip
def test_what_is_offered_and_what_is_not(one, offered, said) -> None:
    found = find_help(report_of([*found_gap(), *tried(False, *one)]))
    assert found is not None
    (remedy,) = found.remedies
    assert remedy.offered is offered
    assert said in remedy.sentence
    assert found.sentences[0].startswith("Nothing that was tried helps. ") is not offered


def test_the_stated_cost_decides() -> None:
    items = [*found_gap(), *tried(False, 0.2, 0.01, 0.01, -0.06)]
    for most, offered in ((0.05, False), (0.07, True)):
        found = find_help(report_of(items, max_cost=most))
        assert found is not None and found.remedies[0].offered is offered


def test_the_offered_way_comes_first_and_the_law_is_named() -> None:
    items = [*found_gap(), *tried(False, 0.2, 0.3, 0.01, 0.0), *tried(True, 0.2, 0.01, 0.01, 0.0)]
    found = find_help(report_of(items))
    assert found is not None
    assert [remedy.by_group for remedy in found.remedies] == [True, False]
    assert found.sentences[0].endswith("The law may forbid to decide by group.")


def test_without_a_finding_nothing_is_to_be_narrowed() -> None:
    report = make_report([*found_gap(), *tried(False, 0.2, 0.01, 0.01, 0.0)])
    found = find_help(report)
    assert found is not None and not found.remedies
    assert found.sentences[0].startswith("No gap between groups is a finding")


def test_a_finding_that_no_threshold_aims_at_is_said_to_be_one() -> None:
    items = [*found_gap("accuracy"), *tried(False, 0.2, 0.01, 0.01, 0.0)]
    found = find_help(report_of(items, "accuracy"))
    assert found is not None and not found.remedies
    assert "the finding is about “Accuracy”" in found.sentences[0]


def test_why_takes_the_pair_of_the_finding_and_no_other() -> None:
    shares = [
        measure("gap_share", value, 900, unit="points", half=0.01, p_value=1e-9,
                check="explain.gap", slice=f"feature={name}", attribute="race", group="B",
                reference_group=reference)
        for reference in ("A", "C")
        for name, value in (("district", -0.19), ("age", -0.01))
    ]  # fmt: skip
    report = report_of([*found_gap(), *shares])
    worst = find_worst(report)
    assert worst is not None
    found = explain_finding(report, worst)
    assert found is not None
    assert found.gap.reference_group == "C"
    assert found.sentence.startswith("B is selected 20.0 points less often than C. district widens")
    assert [one.gap.id for one in list_explained(report)] == [found.gap.id]
    silent = make_report([*found_gap(), *shares])  # no rule calls it a finding
    assert list_explained(silent) == ()
