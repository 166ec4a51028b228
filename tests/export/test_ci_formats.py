"""What CI reads of an audit: JUnit, SARIF, the summary and annotations say what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import InputError
from audits.core.report.report import CheckStatus
from audits.core.report.verdict import Status
from audits.export.ci import FORMATS, RunResult, describe_findings, render_annotations
from audits.export.ci.summary import MAX_BYTES
from audits.findings import compute_exit_code, list_broken, list_findings
from audits.findings.gate import FAIL_ON
from audits.store.bundle import load_bundle

POLICY = """name = "own"
title = "Our own rules"

[[rules]]
name = "accuracy-alike"
title = "Decisions are right about as often"
metric = "accuracy_gap"
scope = "groups"
fail_above = 0.3
source = "a test"

[[rules]]
name = "selected-alike"
title = "Groups are selected about equally often"
metric = "impact_ratio"
scope = "groups"
fail_below = 0.8
warn_below = 0.95
source = "a test"
"""
WAIVER = """
[[waivers]]
rule = "selected-alike"
attribute = "sex"
group = "Female"
reason = "The new form is in use from spring"
owner = "Ada"
expires = 2099-01-01
"""
# Selected of 400: 80%, 40% and 72%; and too few to tell of.
GROUPS = {"Male": (320, 400), "Female": (160, 400), "Diverse": (288, 400), "a|b<c> *@x*": (3, 5)}


def write_case(folder: Path, groups: dict[str, tuple[int, int]], policy: str = POLICY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["sex,repaid,decision"]
    for name, (chosen, of) in groups.items():
        lines += [f'"{name}",{"yes" if k % 2 else "no"},{"yes" if k < chosen else "no"}'
                  for k in range(of)]  # fmt: skip
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    audit = folder / "audit.toml"
    audit.write_text(
        '[audit]\nname = "Loans"\n[data]\npath = "rows.csv"\ntarget = "repaid"\npositive = "yes"\n'
        'protected = ["sex"]\n[predictions]\nlabel = "decision"\n[policy]\npath = "policy.toml"\n',
        encoding="utf-8",
    )
    return audit


def run(audit: Path, *more: object) -> tuple[int, str, str]:
    arguments = ["run", audit, "--out", audit.parent / "run", *more]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(done.exception, InputError):
        return done.exception.exit_code, done.stdout, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    """A run that fails, and the same with its failure accepted."""
    made = {}
    for name, policy in (("failed", POLICY), ("accepted", POLICY + WAIVER)):
        audit = write_case(tmp_path_factory.mktemp("ci") / name, GROUPS, policy)
        code = run(audit)[0]
        report = load_bundle(audit.parent / "run").report
        made[name] = RunResult(report, "fail", code, audit, audit.parent / "policy.toml")
    assert made["failed"].exit_code == 1 and made["accepted"].exit_code == 0
    return made


def read_junit(result: RunResult) -> ET.Element:
    return ET.fromstring(FORMATS["junit"](result).split("\n", 1)[1])


@pytest.mark.parametrize("name", ["failed", "accepted"])
@pytest.mark.parametrize("fail_on", FAIL_ON)
def test_junit_fails_where_the_command_does(results, name: str, fail_on: str) -> None:
    report = results[name].report
    code = compute_exit_code(report, fail_on)
    result = RunResult(report, fail_on, code, results[name].audit, results[name].policy)
    root = read_junit(result)
    failed = {
        case.get("name") for case in root.iter("testcase") if case.find("failure") is not None
    }
    assert failed == list_broken(report, fail_on)
    assert bool(failed) == (code == 1)
    for suite in root:
        ends = [case[0].tag if len(case) else "" for case in suite]
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(key) == str(ends.count(tag))
        assert suite.get("tests") == str(len(suite))


def test_junit_says_the_finding_and_skips_what_is_undecided(results) -> None:
    cases = {case.get("name"): case for case in read_junit(results["failed"]).iter("testcase")}
    failure = cases["selected-alike[sex=Female]"].find("failure")
    assert failure is not None
    assert failure.get("message", "").startswith(
        "Female: 40.0% get the favourable outcome, against"
    )
    small = cases["selected-alike[sex: small]"].find("skipped")
    assert small is not None and "a|b<c> *@x*" in small.get("message", "")
    assert len(cases["accuracy-alike[sex: small]"]) == 1
    waived = {case.get("name"): case for case in read_junit(results["accepted"]).iter("testcase")}
    skipped = waived["selected-alike[sex=Female]"].find("skipped")
    assert skipped is not None and "Ada" in skipped.get("message", "")


def test_a_crashed_check_is_an_error(results) -> None:
    report = results["failed"].report
    checks = [one.model_copy(update={"status": CheckStatus.ERROR, "reason": "it broke"})
              if one.code == "fairness.gaps" else one for one in report.checks]  # fmt: skip
    crashed = report.model_copy(update={"checks": tuple(checks)})
    result = RunResult(crashed, "fail", compute_exit_code(crashed, "fail"), results["failed"].audit)
    errors = [
        case for case in read_junit(result).iter("testcase") if case.find("error") is not None
    ]
    assert [case.get("name") for case in errors] == ["fairness.gaps"]
    log = json.loads(FORMATS["sarif"](result))["runs"][0]["invocations"][0]
    assert (log["executionSuccessful"], log["exitCode"]) == (False, 3)
    assert "it broke" in log["toolExecutionNotifications"][0]["message"]["text"]
    assert "A check crashed" in FORMATS["summary"](result).splitlines()[0]


def test_sarif_points_at_the_rule_and_the_column(results) -> None:
    result = results["failed"]
    log = json.loads(FORMATS["sarif"](result))["runs"][0]
    known = {rule["id"] for rule in log["tool"]["driver"]["rules"]}
    assert known == {"accuracy-alike", "selected-alike"}
    found = {one["properties"]["finding"]: one for one in log["results"]}
    assert set(found) == {item.id for item in list_findings(result.report)}
    female = found["selected-alike[sex=Female]"]
    place = female["locations"][0]["physicalLocation"]
    line = POLICY.splitlines()[place["region"]["startLine"] - 1 :]
    assert line[0] == "[[rules]]" and line[1] == 'name = "selected-alike"'
    assert place["artifactLocation"]["uri"].endswith("policy.toml")
    beside = female["relatedLocations"][0]["physicalLocation"]["region"]["startLine"]
    assert result.audit.read_text().splitlines()[beside - 1].startswith("protected")
    levels = {one["level"] for one in log["results"]}
    assert female["level"] == "error" and levels <= {"error", "warning", "note"}
    assert all(one["ruleId"] in known for one in log["results"])
    accepted = json.loads(FORMATS["sarif"](results["accepted"]))["runs"][0]["results"]
    kept = [one["suppressions"][0]["justification"] for one in accepted if "suppressions" in one]
    assert kept == ["The new form is in use from spring (Ada)"]


def test_the_summary_names_group_numbers_and_interval_first(results) -> None:
    lines = FORMATS["summary"](results["failed"]).splitlines()
    first = "\n".join(lines[:5])
    assert lines[0].startswith("## ❌ Failed: ")
    assert "Female" in first and "40.0%" in first and "95% interval" in first
    whole = "\n".join(lines)
    assert "a\\|b\\<c\\> \\*&#64;x\\*" in whole and "@x" not in whole
    assert FORMATS["summary"](results["accepted"]).startswith("## ✅ Passed: ")
    failed = results["failed"]
    unasked = RunResult(failed.report, "never", 0, failed.audit, failed.policy)
    assert FORMATS["summary"](unasked).startswith("## ❌ Failed, which does not count")
    notes = [line for line in whole.splitlines() if line.startswith("> ")]
    assert len(notes) == len(set(notes))


def test_a_summary_of_many_groups_stays_small(tmp_path: Path) -> None:
    groups = {f"group number {k} of very many": (30 if k else 390, 40 if k else 400)
              for k in range(300)}  # fmt: skip
    audit = write_case(tmp_path, groups)
    run(audit)
    report = load_bundle(audit.parent / "run").report
    text = FORMATS["summary"](RunResult(report, "fail", 1, audit, audit.parent / "policy.toml"))
    assert len(text.encode()) <= MAX_BYTES
    assert len(list_findings(report)) < 10 or "more in the report" in text


def test_annotations_stand_at_the_rule(results) -> None:
    lines = render_annotations(results["failed"]).splitlines()
    assert lines[0].startswith("::error file=") and "policy.toml,line=" in lines[0]
    assert "Female: 40.0%25 get" in lines[0] and "title=Assay%3A selected-alike%2C sex" in lines[0]
    assert not any(
        line.startswith("::error") for line in render_annotations(results["accepted"]).splitlines()
    )
    assert all(item.status is not Status.INSUFFICIENT or item.id not in "".join(lines)
               for item in list_findings(results["failed"].report))  # fmt: skip


def test_files_by_flag_by_setting_and_on_github(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = write_case(tmp_path, GROUPS)
    audit.write_text(audit.read_text() + '[output]\njunit = "ci/junit.xml"\nsummary = "ci/s.md"\n')
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    code, out, told = run(audit, "--summary", tmp_path / "other.md", "--sarif",
                          tmp_path / "new" / "a.sarif", "--json")  # fmt: skip
    assert code == 1 and "::error file=" in told
    assert (tmp_path / "ci" / "junit.xml").exists() and not (tmp_path / "ci" / "s.md").exists()
    assert json.loads((tmp_path / "new" / "a.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "step.md").read_text() == (tmp_path / "other.md").read_text()
    last = json.loads(out.splitlines()[-1])
    report = load_bundle(tmp_path / "run").report
    assert last["findings"] == describe_findings(report)
    assert last["findings"][0]["groups"] == ["Female"]


def test_what_got_worse_than_the_baseline_is_told(tmp_path: Path) -> None:
    before = write_case(tmp_path / "before", {**GROUPS, "Female": (310, 400)})
    assert run(before)[0] == 0
    after = write_case(tmp_path / "after", GROUPS)
    code, _, told = run(after, "--baseline", before.parent / "run", "--summary", tmp_path / "s.md",
                        "--junit", tmp_path / "j.xml", "--sarif", tmp_path / "s.sarif")  # fmt: skip
    assert code == 1, told
    text = (tmp_path / "s.md").read_text()
    assert "Worse than the baseline" in text.splitlines()[0] and "**Got worse**" in text
    root = ET.parse(tmp_path / "j.xml").getroot()
    suite = next(suite for suite in root if suite.get("name") == "baseline")
    assert suite.get("failures") == "1"
    results = json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"]
    assert any(
        one["ruleId"] == "baseline" and "Female" in one["message"]["text"] for one in results
    )


def test_a_file_that_cannot_be_written_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    audit = write_case(tmp_path, GROUPS)
    (tmp_path / "file").write_text("")
    code, _, told = run(audit, "--junit", tmp_path / "file" / "j.xml")
    assert code == 2 and "cannot write" in told
    assert not (tmp_path / "run").exists()


@settings(max_examples=60)
@given(name=st.text(min_size=1), reason=st.text())
def test_any_name_gives_well_formed_files(results, name: str, reason: str) -> None:
    """Whatever a group is called and whatever a reason holds."""
    report = results["failed"].report
    subject = report.subject.model_copy(update={"name": name})
    verdicts = tuple(x.model_copy(update={"reason": reason}) for x in report.verdicts)
    changed = report.model_copy(update={"subject": subject, "verdicts": verdicts})
    result = RunResult(changed, "fail", 1, results["failed"].audit)
    assert read_junit(result).tag == "testsuites"
    json.loads(FORMATS["sarif"](result).encode("utf-8", "surrogatepass"))
    assert FORMATS["summary"](result).count("\n\n| | Rule |") == 1
    assert all(line.startswith("::") for line in render_annotations(result).splitlines())
