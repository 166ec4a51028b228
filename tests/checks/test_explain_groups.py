"""Attributions by group: every number again from the evidence, by pandas and scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.checks.explain.attributions import EXPLANATIONS
from audits.checks.explain.groups import CODE, EXPLAIN_GROUPS
from audits.cohorts.drivers import explain_cohort
from audits.core.errors import CheckNotApplicableError, InputError
from audits.core.report.measurement import measurement_id
from audits.core.report.parts import Part, PartKind
from audits.core.report.report import CheckStatus
from audits.core.settings.read import load_spec
from audits.cube.intervals.intervals import compute_holm
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.store.bundle import Bundle
from tests.checks.beyond import FEATURES, run_checks, write_inputs


def join(bundle: Bundle) -> pd.DataFrame:
    parts = pd.read_parquet(bundle.evidence_path("attributions.tree_shap.parquet"))
    groups = pd.read_parquet(bundle.evidence_path("predictions.parquet"))
    return parts.merge(groups, on="row", validate="one_to_one")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("groups")
    write_inputs(path)
    return path


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return run_checks(folder, EXPLANATIONS, EXPLAIN_GROUPS)


@pytest.mark.parametrize("metric", ["mean_absolute_attribution", "mean_attribution"])
def test_means_gaps_and_tests_are_those_of_the_evidence(bundle: Bundle, metric: str) -> None:
    rows = join(bundle)
    report = bundle.report
    raw = {}
    largest = str(rows["sex"].value_counts().idxmax())
    for attribute, reference in (("team", "A"), ("sex", largest)):
        for feature in FEATURES:
            values = rows[feature].astype(float)
            values = values.abs() if metric.startswith("mean_abs") else values
            by_group = values.groupby(rows[attribute])
            for group, own in by_group:
                name = measurement_id(
                    metric, attribute, str(group), None, Part(PartKind.FEATURE, str(feature))
                )
                estimate = report.by_id[name].estimate
                assert estimate is not None
                assert estimate.n == len(own)
                assert estimate.value == pytest.approx(own.mean())
                if str(group) == reference:
                    continue
                base = by_group.get_group(reference)
                gap = measurement_id(
                    f"{metric}_difference",
                    attribute,
                    str(group),
                    reference,
                    Part(PartKind.FEATURE, str(feature)),
                )
                found = report.by_id[gap]
                assert found.value == pytest.approx(own.mean() - base.mean())
                if own.std() or base.std():
                    raw[gap] = stats.ttest_ind(own, base, equal_var=False).pvalue
                else:
                    raw[gap] = 1.0
    adjusted = compute_holm(np.array(list(raw.values())))
    for name, expected in zip(raw, adjusted, strict=True):
        assert report.by_id[name].p_value == pytest.approx(expected, abs=1e-6), name


def test_the_proxy_pulls_the_group_down_and_sex_differs_nowhere(bundle: Bundle) -> None:
    report = bundle.report
    gap = report.by_id["mean_attribution_difference[team=B|A]@feature=street"]
    assert gap.estimate is not None
    assert gap.estimate.high < 0
    assert gap.p_value is not None
    assert gap.p_value < 1e-10
    assert all((m.p_value or 0) > 0.05 for m in report.find("mean_attribution_difference",
                                                           attribute="sex"))  # fmt: skip


def test_a_group_of_few_rows_is_said_to_be_small(folder: Path, tmp_path: Path) -> None:
    write_inputs(tmp_path, rows=300, extra="[explain]\nrows = 120\n")
    bundle = run_checks(tmp_path, EXPLANATIONS, EXPLAIN_GROUPS)
    rows = join(bundle)
    assert len(rows) == 120  # drawn rows find their groups by their ids
    tiny = int((rows["team"] == "tiny").sum())
    assert tiny < 10
    found = bundle.report.by_id["mean_attribution[team=tiny]@feature=pay"]
    assert found.unavailable is not None
    assert f"tiny has {tiny} of the explained rows" in found.unavailable.reason
    gap = bundle.report.by_id["mean_attribution_difference[team=tiny|A]@feature=pay"]
    assert gap.unavailable is not None
    assert gap.p_value is None
    own = rows.loc[rows["team"] == "B", "pay"].astype(float)
    assert bundle.report.by_id["mean_attribution[team=B]@feature=pay"].value == pytest.approx(
        own.mean()
    )


def test_without_attributions_it_says_so(folder: Path) -> None:
    bundle = run_checks(folder, EXPLAIN_GROUPS, name="alone")
    outcome = next(one for one in bundle.report.checks if one.code == CODE)
    assert outcome.status is CheckStatus.NOT_APPLICABLE
    assert "no attributions" in outcome.reason


def test_a_cohort_by_conditions(folder: Path, bundle: Bundle) -> None:
    rows = join(bundle).merge(pd.read_csv(folder / "rows.csv"), left_on="row", right_on="id",
                              suffixes=("", "_raw"))  # fmt: skip
    with connect() as connection:
        table = open_table(connection, load_spec(folder / "audit.toml"), folder)
        found = explain_cohort(table, bundle.path, FEATURES, ["street = 1", "pay 0 and over"])
        whole = explain_cohort(table, bundle.path, ["street"], ["team_raw = B".replace("_raw", "")])
        with pytest.raises(CheckNotApplicableError, match="0 of 1,200 explained rows"):
            explain_cohort(table, bundle.path, FEATURES, ["street is missing"])
        with pytest.raises(InputError, match="condition 'streets = 1' is not understood"):
            explain_cohort(table, bundle.path, FEATURES, ["streets = 1"])
    inside = (rows["street_raw"] == 1) & (rows["pay_raw"] >= 0)
    assert found.rows == int(inside.sum())
    assert found.rows + found.rest == len(rows)
    shares = {share.feature: share for share in found.shares}
    for feature in FEATURES:
        assert shares[feature].inside == pytest.approx(rows.loc[inside, feature].mean(), abs=1e-6)
        assert shares[feature].outside == pytest.approx(rows.loc[~inside, feature].mean(), abs=1e-6)
    assert {share.feature for share in found.shares[:2]} == {"street", "pay"}
    b = rows["team"] == "B"
    gap = bundle.report.by_id["mean_attribution[team=B]@feature=street"]
    assert whole.shares[0].inside == pytest.approx(gap.value)
    assert whole.rows == int(b.sum())
