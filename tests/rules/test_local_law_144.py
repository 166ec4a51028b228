"""Local Law 144's tables by a real audit of rows, against the rule's printed example."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from audits.core.errors import InputError
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import CheckStatus
from audits.core.settings.read import load_spec
from audits.core.settings.spec import LocalLaw144Section
from audits.cube.counts.merge import coarsen
from audits.pipeline.verify import recompute_problems
from audits.rules.export import render_csv
from audits.rules.local_law_144 import build_summary
from audits.rules.published import parse_published
from audits.rules.review import review_published
from audits.rules.rounding import render_decimal, round_half_up

SETTINGS = LocalLaw144Section(sex="sex", race="race")
PART = Part(PartKind.LAW, "local law 144")


def find(bundle, metric, group, attribute="sex & race"):
    (item,) = bundle.report.find(metric, attribute=attribute, group=group, part=PART)
    return item


def shown(value: float, like: str) -> str:
    """Print a number with the decimals, and in the form, of another."""
    percent = like.endswith("%")
    digits = len(like.rstrip("%").partition(".")[2])
    exact = Fraction(value).limit_denominator(10**6) * (100 if percent else 1)
    return render_decimal(round_half_up(exact, digits)) + ("%" if percent else "")


@pytest.mark.parametrize("kind", ["selection", "scoring"])
def test_the_audit_gives_the_rules_intersectional_table_cell_by_cell(kind, request) -> None:
    bundle = request.getfixturevalue(f"{kind}_run")
    names = {"selection": ("selection_rate", "impact_ratio"),
             "scoring": ("scoring_rate", "scoring_impact_ratio")}[kind]  # fmt: skip
    for race, sex, n, _, rate, ratio in request.getfixturevalue(f"{kind}_cells"):
        group = f"{sex} & {race}"
        assert find(bundle, "count", group).value == n
        assert shown(find(bundle, names[0], group).value, rate) == rate
        assert shown(find(bundle, names[1], group).value, ratio) == ratio
    (unknown,) = bundle.report.find("unknown_count")
    assert unknown.value == {"selection": 250, "scoring": 15}[kind]
    assert recompute_problems(bundle) == []


def test_single_tables_are_the_rules_but_for_its_own_contradiction(selection_run) -> None:
    assert shown(find(selection_run, "selection_rate", "Male", "sex").value, "48%") == "48%"
    assert shown(find(selection_run, "impact_ratio", "Female", "sex").value, "0.979") == "0.979"
    race = {"White": "1.00", "Black or African American": "0.84", "Asian": "0.95",
            "Native Hawaiian or Pacific Islander": "0.85", "Two or More Races": "0.87",
            "Native American or Alaska Native": "0.85"}  # fmt: skip
    for group, ratio in race.items():
        assert shown(find(selection_run, "impact_ratio", group, "race").value, ratio) == ratio
    # Printed as 408, 204, 50% and 0.97; the rule's own intersections say otherwise.
    assert find(selection_run, "count", "Hispanic or Latino", "race").value == 395
    found = find(selection_run, "impact_ratio", "Hispanic or Latino", "race").value
    assert shown(found, "0.842") == "0.842"


def test_scores_alone_make_no_table_of_decisions(scoring_run) -> None:
    assert not scoring_run.report.find("impact_ratio", part=PART)
    (median,) = scoring_run.report.find("median_score")
    assert 0.4 < median.value < 0.5
    sex = {"Male": "54.3%", "Female": "44.7%"}
    for group, rate in sex.items():
        assert shown(find(scoring_run, "scoring_rate", group, "sex").value, rate) == rate
    hispanic = find(scoring_run, "scoring_rate", "Hispanic or Latino", "race").value
    assert shown(hispanic, "64.3%") == "64.3%"  # the rule prints 64.2%, cut off


def test_no_verdict_rests_on_the_law(selection_run) -> None:
    report = selection_run.report
    judged = [report.by_id[verdict.measurement] for verdict in report.verdicts]
    assert judged
    assert all(item.slice is None for item in judged)
    rule = report.spec.effective["policy_in_force"]["rules"][0]
    assert "29 CFR 1607.4(D)" in rule["source"]
    assert "Local Law 144 sets no pass mark" in rule["source"]


def test_small_categories_are_left_out_of_ratios_and_stay_listed(
    audit_rows, rows_of, selection_cells
) -> None:
    settings = 'exclude_under = 0.02\njustification = "too few for a rate"'
    bundle = audit_rows(rows_of(selection_cells, 250), settings)
    group = "Native American or Alaska Native"  # 41 of 2,571: 1.6%
    out = find(bundle, "impact_ratio", group, "race")
    assert out.unavailable is not None
    assert "1.6% of the applicants, under 2%" in out.unavailable.reason
    assert out.unavailable.reason.endswith("too few for a rate")
    assert find(bundle, "count", group, "race").value == 41
    assert find(bundle, "selection_rate", group, "race").value == pytest.approx(18 / 41)
    assert find(bundle, "impact_ratio", "Asian", "race").value is not None


def test_nobody_selected_is_a_reason(audit_rows, rows_of, selection_cells) -> None:
    rows = rows_of(selection_cells, 0)
    rows.loc[rows["sex"].isin(["Male", "Female"]), "hired"] = 0
    rows.loc[len(rows)] = ["White", "", 1, 0.9, 2.0]  # one of unknown sex makes both values exist
    bundle = audit_rows(rows)
    item = find(bundle, "impact_ratio", "Male", "sex")
    assert item.unavailable.reason == "nobody was selected in any category"
    (ratio,) = bundle.report.find("impact_ratio", attribute="sex", group="Male", part=None)
    assert ratio.unavailable.reason == "nobody was selected in either group"
    assert recompute_problems(bundle) == []


def test_everybody_unknown_is_a_reason(audit_rows, rows_of, scoring_cells) -> None:
    rows = rows_of(scoring_cells, 0).assign(sex="")
    (check,) = [c for c in audit_rows(rows).report.checks if c.code == "rules.local_law_144"]
    assert check.status is CheckStatus.NOT_APPLICABLE
    assert "known sex and a known race" in check.reason


def test_weights_do_not_count(audit_rows, rows_of, scoring_cells) -> None:
    bundle = audit_rows(rows_of(scoring_cells, 15), data='weight = "weight"')
    assert find(bundle, "count", "Male", "sex").value == 92
    assert find(bundle, "selection_rate", "Male", "sex").value == pytest.approx(50 / 92)
    assert not bundle.report.find("selection_shortfall")


def test_ties_at_the_median_are_not_above_it(audit_rows, rows_of, scoring_cells) -> None:
    rows = rows_of(scoring_cells, 0)
    rows["score"] = np.where(rows["sex"] == "Male", 0.7, 0.2)
    rows.loc[rows.index[:3], "score"] = 0.9
    bundle = audit_rows(rows, predictions='score = "score"')
    (median,) = bundle.report.find("median_score")
    assert median.value == 0.7
    assert find(bundle, "scoring_rate", "Male", "sex").value == pytest.approx(3 / 92)
    assert find(bundle, "scoring_rate", "Female", "sex").value == 0.0
    same = audit_rows(rows.assign(score=0.5), predictions='score = "score"')
    item = find(same, "scoring_impact_ratio", "Male", "sex")
    assert item.unavailable.reason == "no score is above the median in any category"


@pytest.mark.parametrize(("bits", "settled"), [(2, True), (0, False)])
def test_binned_scores_say_how_far_the_median_is_settled(scoring_run, bits, settled) -> None:
    """With quarters the middle falls between two bins, with one bin for all nothing is known."""
    cube = scoring_run.load_cube()
    exact = build_summary(cube, SETTINGS, "scoring")
    counted = {c.parts: c for table in exact.tables for c in table.categories}
    summary = build_summary(coarsen(cube, bits), SETTINGS, "scoring")
    assert summary.median.low <= exact.median.value <= summary.median.high
    found = [c for table in summary.tables for c in table.categories]
    assert any(c.unsettled for c in found) is not settled
    for category in found:
        true = counted[category.parts].chosen
        assert category.chosen <= true <= category.chosen + category.unsettled


def test_own_tables_can_be_published_and_checked(selection_run, scoring_run) -> None:
    for kind, bundle in (("selection", selection_run), ("scoring", scoring_run)):
        text = render_csv(build_summary(bundle.load_cube(), SETTINGS, kind))
        published = parse_published(text, "own.csv")
        review = review_published(published)
        assert (review.misprints, review.disagreements, review.remarks) == ((), (), ())
        assert review.checked == 46
        assert published.unknown == {"selection": 250, "scoring": 15}[kind]


def test_names_that_spreadsheets_would_run_are_neutralised(audit_rows, rows_of, scoring_cells):
    rows = rows_of(scoring_cells, 0).replace({"White": "=cmd|' /C calc'!A0", "Male": "@Male"})
    summary = build_summary(audit_rows(rows).load_cube(), SETTINGS, "selection")
    text = render_csv(summary)
    assert "race,'=cmd/' /C calc'!A0," in text
    cells = [line.split(",")[1] for line in text.splitlines()]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@"))]
    names = {line.category for line in parse_published(text, "x").lines}
    assert "@Male" in names
    assert review_published(parse_published(text, "x")).disagreements == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('sex = "gender"', "names 'gender', not in protected"),
        ('sex = "sexx"', "did you mean 'sex'"),
        ('sex = "race"', "must be two columns"),
        ('sex = "sex"\nexclude_under = 0.02', "exclude_under needs justification"),
        ('sex = "sex"\nexclude_under = 0.05', "less than or equal to 0.02"),
        ('sex = "sex"\nexclude = 0.02', "did you mean 'exclude_under'"),
    ],
)
def test_settings_that_do_not_fit(tmp_path, settings, message) -> None:
    (tmp_path / "a.toml").write_text(
        '[audit]\nname = "a"\n[data]\npath = "d.csv"\nprotected = ["sex", "race"]\n'
        f'[predictions]\nlabel = "x"\n[rules.local_law_144]\nrace = "race"\n{settings}\n'
    )
    with pytest.raises(InputError, match="local_law_144") as caught:
        load_spec(tmp_path / "a.toml")
    assert message in str(caught.value)
