"""Fair recourse through an audit: every number counted again from the evidence, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audits.checks.builtin import BUILTIN
from audits.checks.data.profile import PROFILE
from audits.checks.recourse.counterfactuals import RECOURSE
from audits.checks.recourse.fairness import RECOURSE_FAIRNESS, TIME_RAN_OUT
from audits.core.report.report import AuditReport, CheckStatus
from audits.pipeline.run import run_audit
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy
from audits.recourse.burden.burden_table import read_burden
from audits.recourse.search import block

ROWS = 1_500
AUDIT = """
[audit]
name = "Recourse"
[data]
path = "rows.csv"
target = "paid"
positive = "yes"
protected = ["sex", "race"]
id = "id"
[model]
path = "model.skops"
[recourse]
rows = 120
group_rows = 40
max_changes = 1
answers = 2
increase_only = ["record"]
immutable = ["stuck"]
{more}
"""


def make_rows() -> pd.DataFrame:
    """A tenth are stuck below the threshold with a column that may not change."""
    draw = np.random.default_rng(3)
    race = draw.choice(["a", "b", "c"], ROWS, p=[0.85, 0.14, 0.01])
    record = draw.normal(np.where(race == "b", -2.2, 0.3), 1).round(2)
    pay = draw.normal(0, 1, ROWS).round(2)
    stuck = draw.choice([0.0, 6.0], ROWS, p=[0.9, 0.1])
    odds = 1.5 * record + 0.5 * pay - 3 * stuck
    return pd.DataFrame(
        {
            "id": [f"p{n}" for n in range(ROWS)],
            "sex": draw.choice(["f", "m"], ROWS),
            "race": race,
            "record": record,
            "pay": pay,
            "stuck": stuck,
            "paid": np.where(draw.random(ROWS) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditReport, Path, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("ways")
    rows = make_rows()
    rows.to_csv(folder / "rows.csv", index=False)
    features = ["record", "pay", "stuck"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[features], rows["paid"])
    skops.io.dump(model, folder / "model.skops")
    (folder / "audit.toml").write_text(AUDIT.format(more=""), encoding="utf-8")
    checks = (PROFILE, RECOURSE, RECOURSE_FAIRNESS)
    bundle = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=checks)
    return bundle.report, folder / "run" / "evidence", rows.set_index("id")


def read_costs(evidence: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Each row searched with its groups and its cheapest answer's cost, from what was found."""
    found = pq.read_table(evidence / "counterfactuals.parquet").to_pandas()
    none = pq.read_table(evidence / "no_recourse.parquet").to_pandas()
    cost = pd.concat([found.groupby("row")["cost"].min(), pd.Series(np.inf, none["row"])])
    known = rows.loc[cost.index].assign(cost=cost)
    stored = pq.read_table(evidence / "burden.parquet").to_pandas().set_index("row")
    drawn = stored.loc[known.index, "drawn_for"]
    everybody = stored.loc[known.index, "everybody"]
    return known.assign(everybody=everybody, race_drawn=[("race" in d) for d in drawn])


def test_numbers_are_those_of_the_evidence(run: tuple[AuditReport, Path, pd.DataFrame]) -> None:
    report, evidence, rows = run
    costs = read_costs(evidence, rows)
    assert costs["everybody"].sum() == 120
    assert np.isinf(costs["cost"]).any()
    effort = report.by_id["recourse_effort"].value
    base = np.sort(costs.loc[costs["everybody"], "cost"])
    assert effort == pytest.approx(base[59])
    counted = costs[costs["everybody"] | costs["race_drawn"]]
    ours, theirs = (counted.loc[counted["race"] == name, "cost"] for name in "ba")
    assert len(ours) >= 40
    costlier = report.by_id["recourse_dearer[race=b|a]"]
    ranks = np.minimum(ours, 1e6), np.minimum(theirs, 1e6)
    u = stats.mannwhitneyu(*ranks, method="asymptotic")
    assert costlier.value == pytest.approx(u.statistic / (len(ours) * len(theirs)))
    within = report.by_id["recourse_within_effort[race=b]"].estimate
    assert within.value == pytest.approx((ours <= effort + 1e-9).mean())
    assert within.n == len(ours)
    gap = report.by_id["recourse_share_difference[race=b|a]"]
    assert gap.value == pytest.approx(np.isfinite(ours).mean() - np.isfinite(theirs).mean())
    pairs = [(a, b) for a in ours for b in theirs if np.isfinite(a) or np.isfinite(b)]
    shift = [a - b for a, b in pairs]
    measured = report.by_id["recourse_cost_shift[race=b|a]"]
    assert measured.value == pytest.approx(np.median(shift))


def test_p_values_are_adjusted_over_all_groups(
    run: tuple[AuditReport, Path, pd.DataFrame],
) -> None:
    report, evidence, rows = run
    costs = read_costs(evidence, rows)
    compared = [m for m in report.find("recourse_dearer") if m.p_value is not None]
    plain = {}
    for item in report.find("recourse_dearer"):
        attribute = item.attribute
        counted = costs["everybody"] | (costs["race_drawn"] & (attribute == "race"))
        if attribute in ("sex", "race"):
            own = [np.minimum(costs.loc[counted & (costs[attribute] == g), "cost"], 1e6)
                   for g in (item.group, item.reference_group)]  # fmt: skip
            if min(map(len, own)) >= 8:
                test = stats.mannwhitneyu(*own, method="asymptotic")
                plain[f"{attribute}={item.group}"] = test.pvalue
    pairs = {m.group for m in compared if " & " in m.attribute}
    singles = {f"{m.attribute}={m.group}": m for m in compared if " & " not in m.attribute}
    assert set(singles) == set(plain)
    assert "race=b" in plain
    assert len(plain) + len(pairs) == len(compared)
    for name, p_value in plain.items():
        assert p_value - 1e-12 <= singles[name].p_value <= len(compared) * p_value + 1e-12
    # Holm's: the smallest of all is multiplied by how many there are.
    first = min(compared, key=lambda m: m.p_value)
    if f"{first.attribute}={first.group}" in plain:
        smallest = plain[f"{first.attribute}={first.group}"]
        assert first.p_value == pytest.approx(len(compared) * smallest)


def test_only_large_intersections_are_compared(
    run: tuple[AuditReport, Path, pd.DataFrame],
) -> None:
    report, _, _ = run
    items = report.find("recourse_rows")
    pairs = [item for item in items if item.attribute == "sex & race"]
    assert pairs
    assert all(item.value >= 30 for item in pairs)


def test_a_group_with_a_handful_of_rows_has_reasons_and_is_not_judged(
    run: tuple[AuditReport, Path, pd.DataFrame],
) -> None:
    report, _, _ = run
    few = int(report.by_id["recourse_rows[race=c]"].value)
    assert 0 < few < 30
    verdicts = compute_verdicts(load_policy("four-fifths", None), report.measurements)
    mine = {v.measurement: v for v in verdicts if v.rule == "equal-recourse"}
    verdict = mine["recourse_within_effort_difference[race=c|a]"]
    assert verdict.status.value == "insufficient"
    assert f"c has {few} rejected row" in verdict.reason
    assert mine["recourse_within_effort_difference[race=b|a]"].status.value == "warn"


def test_parts_add_up_on_disk(run: tuple[AuditReport, Path, pd.DataFrame]) -> None:
    _, evidence, _ = run
    table = pq.read_table(evidence / "burden.parquet")
    stored = read_burden(table)
    burden = stored.burden
    known = np.isfinite(burden.cost)
    np.testing.assert_allclose(burden.parts.sum(axis=1)[known], burden.cost[known])
    assert table["cost"].null_count == (~known).sum() > 0
    assert burden.columns == ("record", "pay", "stuck")
    assert (burden.parts[:, 2] == 0).all()
    assert stored.members("race").sum() > stored.members().sum() == 120


def test_the_ids_of_the_old_measurements_stay(
    run: tuple[AuditReport, Path, pd.DataFrame],
) -> None:
    report, _, _ = run
    old = {m.id for m in report.measurements if m.check == "recourse.counterfactuals"}
    names = ("recourse_share", "recourse_cost", "recourse_changes")
    groups = ("", "[sex=f]", "[sex=m]", "[race=a]", "[race=b]", "[race=c]")
    assert old >= {f"{name}{group}" for name in names for group in groups}
    assert report.by_id["recourse_share"].estimate.n == 120


def test_without_counterfactuals_it_does_not_apply(tmp_path: Path) -> None:
    rows = make_rows().assign(decided=lambda frame: frame["paid"])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    text = AUDIT.split("[model]", maxsplit=1)[0] + '[predictions]\nlabel = "decided"\n'
    (tmp_path / "audit.toml").write_text(text, encoding="utf-8")
    checks = (RECOURSE, RECOURSE_FAIRNESS)
    report = run_audit(tmp_path / "audit.toml", tmp_path / "run", checks=checks).report
    outcome = next(check for check in report.checks if check.code == "recourse.fairness")
    assert outcome.status is CheckStatus.NOT_APPLICABLE
    assert "no counterfactuals were searched" in outcome.reason


def test_the_search_says_so_as_this_check_reads_it_when_time_runs_out() -> None:
    """A row that was not searched to the end is told by how its reason begins."""
    source = Path(block.__file__).read_text(encoding="utf-8")
    assert f'"{TIME_RAN_OUT} ' in source


def test_it_runs_after_the_search() -> None:
    order = [check.code for check in BUILTIN]
    assert order.index("recourse.fairness") > order.index("recourse.counterfactuals")
