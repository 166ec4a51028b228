"""The table of what can be judged, held against what small audits of every task measure; and a
policy for each metric, which is accepted and judges."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from audits.checks.fairness.group_gaps import GAPS
from audits.core.errors import InputError
from audits.core.groups import JOIN
from audits.core.report.measurement import Measurement
from audits.core.report.parts import PartKind
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.words import METRICS as WORDS
from audits.pipeline.run import run_audit
from audits.policy.catalogue import get_range, is_bound
from audits.policy.file import parse_policy
from audits.policy.judging.coverage import DEFAULT_PRESETS, has_group_rule
from audits.policy.judging.judge import compute_verdicts
from audits.policy.judging.judgeable import Judgeable, list_judgeable
from audits.policy.policy import list_presets, load_policy
from audits.policy.rule import BOUNDS
from audits.policy.words import render_policy

OBJECTIVES = {
    "binary": {"objective": "binary"},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "regression": {"objective": "regression"},
}
AUDIT = """
[audit]
name = "Small"
task = "{task}"
[data]
path = "rows.csv"
reference = "reference.csv"
target = "y"
{positive}
protected = ["sex", "town"]
[model]
path = "model.txt"
{classes}
[explain]
trust_rows = 0
effects_rows = 0
permutation_rows = 0
error_rows = 0
[recourse]
rows = 60
group_rows = 40
{target}
{rules}
"""
RULES = '[rules.adverse_action]\nprohibited = ["sex"]\n'
TARGETS = {"binary": "", "multiclass": 'target = "2"', "regression": "target = { at_least = 2.0 }"}
N = 800


def write_audit(folder: Path, task: str) -> Path:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "a": draw.normal(size=2 * N), "b": draw.integers(0, 9, 2 * N).astype(float),
            "kind": draw.integers(0, 3, 2 * N), "sex": draw.choice([0, 1], 2 * N),
            "town": draw.choice(["east", "west"], 2 * N),
        }
    )  # fmt: skip
    signal = rows.a + 0.3 * rows.b + 0.5 * rows.sex + draw.normal(size=2 * N)
    rows["y"] = signal if task == "regression" else pd.qcut(
        signal, 3 if task == "multiclass" else 2, labels=False
    )  # fmt: skip
    rows.loc[draw.random(2 * N) < 0.05, "b"] = np.nan
    data = lgb.Dataset(rows[["a", "b", "kind", "sex"]], rows.y)
    booster = lgb.train({**OBJECTIVES[task], "verbose": -1, "num_threads": 1}, data, 10)
    booster.save_model(str(folder / "model.txt"))
    rows[:N].to_csv(folder / "rows.csv", index=False)
    rows[N:].to_csv(folder / "reference.csv", index=False)
    text = AUDIT.format(
        task=task, positive="positive = 1" if task == "binary" else "",
        classes='classes = ["0", "1", "2"]' if task == "multiclass" else "",
        target=TARGETS[task], rules=RULES if task == "binary" else "",
    )  # fmt: skip
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    return folder / "audit.toml"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AuditReport]:
    found = {}
    for task in OBJECTIVES:
        folder = tmp_path_factory.mktemp(task)
        found[task] = run_audit(write_audit(folder, task), folder / "run", device="cpu").report
        errors = [one for one in found[task].checks if one.status is CheckStatus.ERROR]
        assert errors == []
    return found


def is_judged(item: Measurement) -> bool:
    if item.metric == "flip_score_change":  # has a slice wherever there is a number
        return False
    return item.part is None or item.part.kind in (PartKind.CLASS, PartKind.COLUMN)


def reach_of(item: Measurement) -> str:
    if item.attribute is None:
        return "overall"
    return "intersection" if JOIN in item.attribute else "attribute"


def test_all_that_is_measured_is_in_the_table_as_it_is_measured(
    reports: dict[str, AuditReport],
) -> None:
    table = {metric.name: metric for metric in list_judgeable()}
    wrong = set()
    for task, report in reports.items():
        for item in filter(is_judged, report.measurements):
            known = table.get(item.metric)
            fits = known is not None and (
                item.direction == known.direction and task in known.tasks
                and reach_of(item) in known.reach
                and (item.unit == known.unit or item.metric == "gap_pairing_error")
                and (item.value is None or known.low - 1e-9 <= item.value <= known.high + 1e-9)
            )  # fmt: skip
            if not fits:
                wrong.add((task, item.metric, reach_of(item), item.unit, item.direction))
    assert wrong == set()


ONE_COLUMN = {("gap_pairing_error", "regression")}
"""What is measured of intersections in other tasks only."""


def test_what_the_table_promises_is_measured(reports: dict[str, AuditReport]) -> None:
    """All but sampled attributions, binned scores and unseen texts, of which there are none here,
    and recourse of intersections, for which too few rows are searched."""
    for library in ("alibi", "shap", "woodelf"):  # what some of it is measured with
        pytest.importorskip(library)
    rare = {"attribution_error", "roc_auc_binning_error", "unseen_share"}
    missing = set()
    for metric in list_judgeable():
        for task in metric.tasks:
            items = [m for m in reports[task].measurements
                     if m.metric == metric.name and is_judged(m)]  # fmt: skip
            unseen = set(metric.reach) - {reach_of(item) for item in items}
            if metric.name.startswith("recourse_") or (metric.name, task) in ONE_COLUMN:
                unseen -= {"intersection"}
            if unseen and metric.name not in rare:
                missing.add((metric.name, task, tuple(sorted(unseen))))
    assert missing == set()


def test_gaps_are_those_of_the_check() -> None:
    for task, gaps in GAPS.items():
        names = {f"{one.metric}_gap" for one in gaps} | {
            f"{one.metric}_gap_ratio" for one in gaps if one.ratio
        }
        known = {item.name for item in list_judgeable() if task in item.tasks}
        assert names <= known
    every = {f"{one.metric}_gap" for gaps in GAPS.values() for one in gaps}
    assert {item.name for item in list_judgeable() if item.name.endswith("_gap")} == every


def choose_bound(metric: Judgeable) -> tuple[str, float]:
    """Return a bound that makes sense, nearest to what a number would break."""
    for key in BOUNDS:
        low, high = get_range(metric, key, band=False)
        middle = 1.0 if metric.direction == "closer_to_one" else (max(low, -9) + min(high, 9)) / 2
        for value in (middle, 0.0, 0.5, 0.01):
            if is_bound(metric, key, value, band=False):
                return key, value
    raise AssertionError(f"{metric.name} has no bound that makes sense")


@pytest.mark.parametrize("metric", list_judgeable(), ids=lambda metric: metric.name)
def test_every_metric_has_a_policy(metric: Judgeable, reports: dict[str, AuditReport]) -> None:
    key, value = choose_bound(metric)
    scopes = [scope for scope in ("overall", "attribute", "intersection") if scope in metric.reach]
    for scope in scopes:
        policy = parse_policy(
            f'name = "p"\ntitle = "t"\n[[rules]]\nname = "r"\ntitle = "T"\n'
            f'metric = "{metric.name}"\nscope = "{scope}"\n{key} = {value}\n',
            "p.toml",
        )
        assert metric.name in policy.rules[0].metric
        assert any("T" in line for line in render_policy(policy))
        for task in metric.tasks:
            found = reports[task].measurements
            emitted = [m for m in found if m.metric == metric.name and is_judged(m)
                       and reach_of(m) == scope]  # fmt: skip
            verdicts = compute_verdicts(policy, found)
            assert bool(verdicts) or not emitted
    other = next((s for s in ("overall", "attribute") if s not in metric.reach), None)
    if other is not None:
        with pytest.raises(InputError, match=r"line 7: .*scope"):
            parse_policy(
                f'name = "p"\ntitle = "t"\n[[rules]]\nname = "r"\ntitle = "T"\n'
                f'metric = "{metric.name}"\nscope = "{other}"\n{key} = {value}\n',
                "p.toml",
            )


def test_every_metric_has_words_of_its_own() -> None:
    bases = ("_difference", "_gap_ratio", "_gap", "_ratio")
    for metric in list_judgeable():
        names = {metric.name, *(metric.name.removesuffix(ending) for ending in bases)}
        assert names & set(WORDS), metric.name


def test_the_preset_of_each_task_judges_groups(reports: dict[str, AuditReport]) -> None:
    for task, report in reports.items():
        assert report.spec.effective["policy"]["preset"] == DEFAULT_PRESETS[task]
        judged = [v for v in report.verdicts if report.by_id[v.measurement].attribute]
        assert judged
    for name in list_presets():
        made_for = {task for task, preset in DEFAULT_PRESETS.items() if preset == name}
        assert all(has_group_rule(load_policy(name, None), task) for task in made_for)
        assert all(rule.source for rule in load_policy(name, None).rules)
    assert not has_group_rule(load_policy("four-fifths", None), "regression")
