"""Findings: a group answers for itself, intersections stand under what explains them, worst first."""

from __future__ import annotations

import pytest

from audits.core.report.verdict import Cause, Status
from audits.findings import (
    count_judged,
    find_worst,
    list_findings,
    list_leading,
    list_trees,
    render_finding_sentence,
    render_headline,
)
from model_cards.sections.fairness import make_finding_line

TWO = {("a",): (430, 120, 200, 250), ("b",): (300, 190, 190, 320)}


def told(report, *, without=()):
    return [
        item for item in list_findings(report)
        if not set(item.groups) & set(without) and item.cause is not Cause.SMALL
    ]  # fmt: skip


def test_a_small_group_silences_nobody(audit_counts) -> None:
    for preset in ("four-fifths", "equalized-odds"):
        two = audit_counts(("g",), TWO, preset)
        many = audit_counts(("g",), {**TWO, **{(f"t{k}",): (k, 2, 1, 3) for k in range(8)}}, preset)
        assert told(two) and told(two) == told(many)
        small = [item for item in list_findings(many) if item.cause is Cause.SMALL]
        assert {name for item in small for name in item.groups} == {f"t{k}" for k in range(8)}
        assert all(item.status is Status.INSUFFICIENT for item in small)


def test_the_worst_is_who_is_surely_worst_off_for_most_people(audit_counts) -> None:
    counts = {
        ("top",): (700, 100, 100, 100),  # 80% selected
        ("large",): (900, 500, 100, 500),  # 50% of 2,000
        ("less",): (30, 30, 8, 32),  # 38% of 100
    }
    report = audit_counts(("g",), counts)
    leading = list_leading(report)
    assert [item.group for item in leading if item.rule == "four-fifths"] == ["large", "less"]
    worst = find_worst(report)
    assert worst is not None
    assert (worst.group, worst.reference_group, worst.people) == ("large", "top", 2000)
    assert worst.affected is not None
    assert 500 < worst.affected.low < worst.affected.value == pytest.approx(600)
    sentence = render_finding_sentence(report, worst)
    assert sentence.startswith("large: 50.0% get the favourable outcome, against 80.0% of top")
    assert "of 2,000 people" in sentence and sentence.endswith("chance does not explain it")


def test_an_intersection_that_its_attributes_explain_stands_under_them(audit_counts) -> None:
    def cell(share: float) -> tuple[int, int, int, int]:
        chosen = round(1000 * share)
        half, rest = chosen // 2, (1000 - chosen) // 2
        return half, rest, chosen - half, 1000 - chosen - rest

    shares = {("f", "x"): 0.36, ("f", "y"): 0.5, ("m", "x"): 0.6, ("m", "y"): 0.73}
    report = audit_counts(("sex", "race"), {key: cell(value) for key, value in shares.items()})
    crossed = [item for item in list_findings(report) if "&" in (item.attribute or "")]
    assert crossed
    assert all(item.under is not None for item in crossed)
    ids = {item.id for item in list_leading(report)}
    assert {item.under for item in crossed} <= ids


def test_an_intersection_worse_than_its_attributes_is_a_finding_of_its_own(audit_counts) -> None:
    def cell(share: float) -> tuple[int, int, int, int]:
        chosen = round(1000 * share)
        half, rest = chosen // 2, (1000 - chosen) // 2
        return half, rest, chosen - half, 1000 - chosen - rest

    shares = {("f", "x"): 0.3, ("f", "y"): 0.6, ("m", "x"): 0.6, ("m", "y"): 0.6}
    report = audit_counts(("sex", "race"), {key: cell(value) for key, value in shares.items()})
    own = [item.group for item in list_leading(report) if item.attribute == "sex & race"]
    assert own[0] == "f & x"


def test_a_card_says_of_no_group_more_than_is_sure(audit_counts) -> None:
    """Intersections of which nothing is sure are no part of what a finding explains."""
    counts = {
        ("f", "x"): (200, 300, 160, 340),
        ("f", "y"): (210, 290, 165, 335),
        ("m", "x"): (330, 170, 300, 200),
        ("m", "y"): (340, 160, 305, 195),
        ("m", "z"): (14, 12, 10, 14),  # 48% of 50: beyond the limit, not surely
        ("m", "w"): (14, 12, 10, 14),
    }
    report = audit_counts(("sex", "race"), counts)
    trees = list_trees(report)
    unsure = [item for _, under in trees for item in under if item.cause is Cause.UNCERTAIN]
    assert any("m & z" in item.groups for item in unsure)
    said = " ".join(make_finding_line(report, one, under).sentence for one, under in trees)
    assert "Not surely worse than this explains: " in said
    assert "f & x" in said and "m & z" not in said


def test_nothing_judged_is_said_first(audit_counts) -> None:
    report = audit_counts(("g",), {("a",): (9, 3, 2, 4), ("b",): (2, 4, 1, 9)})
    assert count_judged(report) == 0
    assert render_headline(report).startswith("No fairness rule was judged in this audit.")
    assert find_worst(report) is None


def test_chance_is_named_only_where_the_test_alone_says_so(audit_counts) -> None:
    counts = {(f"g{k}",): (50, 50, 50, 50) for k in range(9)}
    counts[("low",)] = (36, 64, 36, 64)  # alone p < 0.05, not among ten groups
    report = audit_counts(("g",), counts)
    (finding,) = [x for x in list_leading(report) if x.group == "low" and x.rule == "four-fifths"]
    assert finding.p_value is not None and finding.adjusted is not None
    assert finding.status is Status.INSUFFICIENT
    verdict = next(v for v in report.verdicts if v.measurement == finding.measurement
                   and v.rule == "four-fifths")  # fmt: skip
    if finding.p_value < 0.05:
        assert "not significant after counting all 20 comparisons" in verdict.reason
        assert "chance" not in verdict.reason
    else:
        assert "chance alone could explain it" in verdict.reason


SIDES = """
name = "sides"
title = "Sides"
[[rules]]
name = "{metric}"
title = "About equal"
metric = "{metric}"
scope = "groups"
{bounds}
source = "a test"
"""


@pytest.mark.parametrize(
    ("metric", "bounds", "worse"),
    [
        ("selection_rate_difference", "fail_above = 0.02\nfail_below = -0.02", "low"),
        ("selection_rate_ratio", "fail_above = 1.05\nfail_below = 0.95", "low"),
        ("false_negative_rate_difference", "fail_above = 0.02\nfail_below = -0.02", "low"),
        ("accuracy_difference", "fail_above = 0.02\nfail_below = -0.02", "high"),
    ],
)
def test_a_finding_is_about_who_is_worse_off(audit_counts, metric, bounds, worse) -> None:
    """Also where a difference is told of the group that is better off than its reference."""
    groups = {
        "low": (300, 300, 100, 500),  # 33% selected, of the deserving 50%, right for 67%
        "high": (500, 100, 400, 200),  # 75% selected, of the deserving 83%, right for 58%
    }
    for reference in groups:
        counts = {(name,): [n * (3 if name == reference else 1) for n in cells]
                  for name, cells in groups.items()}  # fmt: skip
        report = audit_counts(("g",), counts, policy=SIDES.format(metric=metric, bounds=bounds))
        found = list_findings(report)
        other = "high" if worse == "low" else "low"
        assert [(item.group, item.reference_group) for item in found] == [(worse, other)]
        assert found[0].affected is not None and found[0].affected.low > 0
        assert found[0].people == sum(counts[worse,]) or metric.startswith("false_negative")
        assert found[0].affected.high < sum(counts[worse,])
