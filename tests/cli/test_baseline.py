"""`assay run --baseline`: the audit and what changed since an earlier run, in one step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Assay


def test_a_run_like_its_baseline_passes(runs: Path, assay: Assay, tmp_path: Path) -> None:
    code, _, told = assay(
        "run", runs / "fair.toml", "--out", tmp_path / "r", "--baseline", runs / "fair"
    )
    assert code == 0
    assert told.index("Report") < told.index("Nothing got better or worse beyond noise")


def test_a_run_that_got_worse_fails_though_the_policy_may_not(
    runs: Path, assay: Assay, tmp_path: Path
) -> None:
    base = ("run", runs / "harsh.toml", "--fail-on", "never")
    assert assay(*base, "--out", tmp_path / "alone")[0] == 0
    against = ("--baseline", runs / "fair")
    code, out, _ = assay(*base, "--out", tmp_path / "r", *against, "--json")
    last = json.loads(out.splitlines()[-1])
    assert code == 1 and last["event"] == "finished" and last["exit_code"] == 1
    found = last["comparison"]
    assert found["got_worse"] and found["basis"] == "paired"
    assert found["first"]["group"] == "F" and found["headline"].startswith("F (sex) got worse.")
    # No change is as large as nine tenths, so that none counts.
    code, out, _ = assay(
        *base, "--out", tmp_path / "large", *against, "--min-change", "0.9", "--json"
    )
    found = json.loads(out.splitlines()[-1])["comparison"]
    assert code == 0 and not found["got_worse"] and found["min_change"] == 0.9 and found["slight"]


def test_the_last_event_says_nothing_of_a_baseline_that_was_not_asked_for(
    runs: Path, assay: Assay, tmp_path: Path
) -> None:
    _, out, _ = assay("run", runs / "fair.toml", "--out", tmp_path / "r", "--json")
    assert "comparison" not in json.loads(out.splitlines()[-1])


@pytest.mark.parametrize(
    ("baseline", "more", "words"),
    [
        ("nowhere", (), "is not a run's folder"),
        ("broken", (), "damaged"),
        ("fair", ("--min-change", "2"), "for 2 points write 0.02"),
        ("fair", ("--out", "fair"), "is the baseline itself"),
    ],
)
def test_a_baseline_that_cannot_be_used_stops_the_audit_before_it_starts(
    runs: Path, assay: Assay, tmp_path: Path, baseline: str, more: tuple[str, ...], words: str
) -> None:
    (runs / "broken").mkdir(exist_ok=True)
    (runs / "broken" / "report.json").write_text("{", encoding="utf-8")
    out = ("--out", tmp_path / "r") if "--out" not in more else ("--out", runs / more[1])
    rest = more if "--out" not in more else ()
    run = ("run", runs / "fair.toml", *out, "--baseline", runs / baseline, *rest)
    code, _, told = assay(*run)
    assert code == 2 and words in told
    assert not (tmp_path / "r").exists()
    code, told, _ = assay(*run, "--json")
    events = [json.loads(line) for line in told.splitlines()]
    assert code == 2 and [event["event"] for event in events] == ["error"]


def test_a_baseline_of_another_question_is_refused(
    runs: Path, assay: Assay, tmp_path: Path
) -> None:
    code, _, told = assay(
        "run", runs / "turned.toml", "--out", tmp_path / "r", "--baseline", runs / "fair"
    )
    assert code == 2 and "the favourable value is 1 in the first and 0 in the second" in told
    assert not (tmp_path / "r").exists()


def test_a_least_change_needs_a_baseline(runs: Path, assay: Assay, tmp_path: Path) -> None:
    code, _, told = assay(
        "run", runs / "fair.toml", "--out", tmp_path / "r", "--min-change", "0.02"
    )
    assert code == 2 and "--baseline" in told
