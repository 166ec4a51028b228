"""`assay policy`, and what a policy makes of an audit in the terminal and in the exit code."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from audits.cli.outcome import show_outcome
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status
from audits.findings import compute_exit_code
from audits.pipeline.run import run_audit
from audits.pipeline.verify import recompute_problems
from audits.policy.file import parse_policy
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import IN_FORCE, list_presets, load_policy
from audits.policy.rule import Policy
from audits.store.bundle import Bundle
from tests.cli.command import assay

AUDIT = """
[audit]
name = "decisions"
[data]
path = "d.csv"
target = "outcome"
positive = 1
protected = ["sex", "race"]
[predictions]
label = "hired"
[slices]
rows = 0
"""
RULE = """
name = "mine"
title = "Mine"
{more}
[[rules]]
name = "four-fifths"
title = "Four fifths"
metric = "impact_ratio"
fail_below = 0.8
{waiver}
"""
WAIVER = """
[[waivers]]
rule = "four-fifths"
attribute = "sex"
group = "F"
reason = "appeal 12 is open"
owner = "Ann Lee"
expires = {day}
"""


def write_audit(folder: Path, policy: str) -> Path:
    draw = np.random.default_rng(1)
    sex = draw.choice(["F", "M"], 4000)
    frame = pd.DataFrame(
        {
            "sex": sex, "race": draw.choice(["a", "b"], 4000),
            "outcome": draw.integers(0, 2, 4000),
            "hired": (draw.random(4000) < np.where(sex == "F", 0.4, 0.6)).astype(int),
        }
    )  # fmt: skip
    frame.to_csv(folder / "d.csv", index=False)
    (folder / "p.toml").write_text(policy)
    (folder / "audit.toml").write_text(f'{AUDIT}[policy]\npath = "p.toml"\n')
    return folder / "audit.toml"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A run that fails for women, which a waiver accepts until a day that is far away."""
    folder = tmp_path_factory.mktemp("waived")
    audit = write_audit(folder, RULE.format(more="", waiver=WAIVER.format(day="2999-12-31")))
    return run_audit(audit, folder / "run", device="cpu")


def judged_by(bundle: Bundle, policy: Policy) -> AuditReport:
    """Return the report as another policy would have made it."""
    report = bundle.report
    effective = report.spec.effective | {IN_FORCE: policy.model_dump(mode="json")}
    return report.model_copy(
        update={
            "verdicts": compute_verdicts(policy, report.measurements, report.run.day),
            "spec": report.spec.model_copy(update={"effective": effective}),
        }
    )


def show(bundle: Bundle, report: AuditReport) -> str:
    text = io.StringIO()
    shown = replace(bundle, report=report)
    show_outcome(Console(file=text, width=400, color_system=None), shown, 1.0)
    return text.getvalue().strip()


def test_a_waived_breach_stays_a_failure_that_does_not_fail_the_audit(bundle: Bundle) -> None:
    report = bundle.report
    women = next(v for v in report.verdicts if "sex=F|" in v.measurement)
    assert women.status is Status.FAIL
    assert women.waiver is not None and women.waiver.owner == "Ann Lee"
    assert compute_exit_code(report, "fail") == compute_exit_code(report, "warn") == 0
    said = show(bundle, report)
    assert "Waived until 2999-12-31 by Ann Lee: appeal 12 is open" in said
    assert "failed" not in said.splitlines()[0]
    assert "waiver" in said.splitlines()[0]
    assert recompute_problems(bundle) == []
    stored = json.loads((bundle.path / "report.json").read_text())
    (waived,) = [v for v in stored["verdicts"] if v["measurement"] == women.measurement]
    assert waived["waiver"]["expires"] == "2999-12-31"


def test_a_waiver_that_has_expired_is_told_and_not_applied(bundle: Bundle) -> None:
    text = RULE.format(more="", waiver=WAIVER.format(day="2020-01-01"))
    report = judged_by(bundle, parse_policy(text, "p.toml"))
    assert compute_exit_code(report, "fail") == 1
    said = show(bundle, report)
    assert "expired and is not applied" in said
    assert "Ann Lee, until 2020-01-01" in said


def test_fewer_comparisons_than_asked_for_do_not_pass(bundle: Bundle) -> None:
    waiver = WAIVER.format(day="2999-12-31")
    n = sum(v.status is not Status.INSUFFICIENT for v in bundle.report.verdicts)
    for asked, code in ((n, 0), (n + 1, 1)):
        policy = parse_policy(RULE.format(more=f"least_judged = {asked}", waiver=waiver), "p.toml")
        report = judged_by(bundle, policy)
        assert compute_exit_code(report, "fail") == code
        assert compute_exit_code(report, "never") == 0
        told = f"Judged {n} comparisons of groups; the policy asks for at least {asked}"
        assert (told in show(bundle, report)) == bool(code)


def test_what_could_not_be_told_fails_where_that_is_asked_for(bundle: Bundle) -> None:
    text = RULE.format(more="min_rows = 3900", waiver="")
    report = judged_by(bundle, parse_policy(text, "p.toml"))
    assert {verdict.status for verdict in report.verdicts} == {Status.INSUFFICIENT}
    codes = [compute_exit_code(report, on) for on in ("fail", "warn", "insufficient", "never")]
    assert codes == [0, 0, 1, 0]
    assert "No fairness rule was judged in this audit: no group" in show(bundle, report)


def test_an_audit_that_judges_no_group_says_so_first(bundle: Bundle) -> None:
    report = judged_by(bundle, load_policy("regression", None))
    first = show(bundle, report).splitlines()[0]
    assert first.startswith("No fairness rule was judged in this audit: the policy \"regression\" "
                            "has no rule on groups for a binary audit (the preset "
                            '"four-fifths" has).')  # fmt: skip
    assert "Rules that judged nothing" in show(bundle, report)
    assert compute_exit_code(report, "fail") == 0
    assert compute_exit_code(report, "insufficient") == 1
    judged = show(bundle, bundle.report).splitlines()[0]
    assert "No fairness rule" not in judged


def test_machines_are_told_how_many_comparisons_were_judged(tmp_path: Path) -> None:
    audit = write_audit(tmp_path, RULE.format(more="", waiver=""))
    done = assay("run", audit, "--out", tmp_path / "run", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["event"], last["exit_code"], last["fairness_judged"]) == ("finished", 1, 5)


def test_a_name_that_the_data_lacks_is_told_before_the_work(tmp_path: Path) -> None:
    waiver = WAIVER.format(day="2999-12-31").replace('"F"', '"Female"')
    done = assay("run", write_audit(tmp_path, RULE.format(more="", waiver=waiver)),
                 "--out", tmp_path / "run")  # fmt: skip
    assert done.returncode == 2
    assert (
        "p.toml, line 14: waiver of rule 'four-fifths': group = 'Female' is no group of 'sex'"
        in (done.stderr)
    )
    assert not (tmp_path / "run").exists()


def test_an_unknown_word_for_fail_on(tmp_path: Path) -> None:
    done = assay("run", tmp_path / "audit.toml", "--fail-on", "undecided")
    assert done.returncode == 2
    assert "use fail, warn, insufficient or never" in done.stderr


def test_a_policy_is_checked_by_command(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(RULE.format(more="", waiver=WAIVER.format(day="2999-12-31")))
    right = assay("policy", "check", path)
    assert right.returncode == 0
    assert right.stdout.startswith("ok: p.toml, 1 rule\n")
    assert "fails under 0.8" in right.stdout
    assert "Waived: four-fifths for F (sex): appeal 12 is open (Ann Lee, until" in right.stdout
    path.write_text(path.read_text().replace("impact_ratio", "imapct_ratio"))
    wrong = assay("policy", "check", path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.count("\n") == 1
    assert wrong.stderr.startswith("assay: p.toml, line 8: rule 'four-fifths': metric = ")


def test_presets_are_shown_as_a_file_to_start_from(tmp_path: Path) -> None:
    for name in list_presets():
        shown = assay("policy", "show", name)
        assert shown.returncode == 0
        text = shown.stdout[shown.stdout.index(f'name = "{name}"') :]
        assert parse_policy(text, f"{name}.toml") == load_policy(name, None)
    assert assay("policy", "show", "four-fifth").returncode == 2
