"""Two whole runs: nothing where they are alike, verdicts, what differs, what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest

from audits.compare.comparison import SURE, Outcome, Way
from audits.compare.run import compute_comparison, run_comparison
from audits.compare.sentences import (
    drop_doubles,
    name_number,
    pick_varied,
    render_change,
    render_difference,
    render_headline,
    render_verdict,
)
from audits.core.errors import EvidenceError, InputError
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status


def edit(report: AuditReport, **changes: object) -> AuditReport:
    """The report with parts of its subject or settings replaced."""
    data = report.subject.data.model_copy(update=changes.pop("data", {}))
    subject = report.subject.model_copy(update={"data": data} | dict(changes.pop("subject", {})))
    return report.model_copy(update={"subject": subject} | changes)


@pytest.fixture
def harsher(people):
    """The same people, a third of the selected women turned down."""
    turned = (people["sex"] == "Female") & (people["y_pred"] == 1)
    which = np.flatnonzero(turned)[::3]
    decided = people["y_pred"].copy()
    decided.iloc[which] = 0
    return people.assign(y_pred=decided)


def test_identical_runs_have_no_change(people, make_run) -> None:
    found = run_comparison(make_run(people), make_run(people))
    assert not found.got_worse and not found.verdicts and not found.differences and not found.checks
    assert {item.outcome for item in found.changes} <= {Outcome.SAME, Outcome.FACT, Outcome.CHOSEN}
    assert all(item.change.value == 0 for item in found.changes if item.change is not None)
    assert render_headline(found) == (
        f"Nothing got better or worse beyond noise; {found.tested} numbers compared."
    )


def test_what_got_worse_is_said_in_words_that_match_the_numbers(people, harsher, make_run) -> None:
    found = run_comparison(make_run(people), make_run(harsher))
    worse = {item.id: item for item in found.find(Outcome.WORSENED)}
    gap = worse["selection_rate_difference[sex=Female|Male]"]
    women = people["sex"] == "Female"
    gaps = [
        part.loc[women, "y_pred"].mean() - part.loc[~women, "y_pred"].mean()
        for part in (people, harsher)
    ]
    assert gap.change.value == pytest.approx(abs(gaps[1]) - abs(gaps[0]))
    sentence = render_change(gap)
    assert sentence.startswith("Selection rate gap of Female to Male: −")
    assert (
        "further from zero by" in sentence and "95% interval" in sentence and "adjusted" in sentence
    )
    assert "selection_rate[sex=Female]" in {item.id for item in found.find(Outcome.SHIFTED)}
    assert not [
        item for item in found.changes if item.outcome in SURE and item.shown.group == "Male"
    ]
    assert found.got_worse
    # The same the other way round is an improvement.
    back = run_comparison(make_run(harsher), make_run(people))
    assert {item.id for item in back.find(Outcome.IMPROVED)} == set(worse)


def test_a_verdict_that_got_worse_says_whether_its_number_did(people, harsher, make_run) -> None:
    found = run_comparison(make_run(people), make_run(harsher))
    (turn,) = [item for item in found.verdicts if item.item.metric == "impact_ratio"]
    assert turn.way is Way.WORSE and turn.sure and turn.after.status is Status.FAIL
    assert "The number behind it changed beyond noise." in render_verdict(turn)
    back = run_comparison(make_run(harsher), make_run(people))
    assert [item.way for item in back.verdicts if item.item.metric == "impact_ratio"] == [
        Way.BETTER
    ]


def test_a_status_alone_is_no_change_of_the_number(people, make_run) -> None:
    run, again = make_run(people), make_run(people)
    other = {Status.PASS: Status.WARN, Status.WARN: Status.FAIL, Status.FAIL: Status.WARN}
    verdicts = tuple(
        item.model_copy(update={"status": other.get(item.status, item.status)})
        for item in again.report.verdicts
    )
    found = compute_comparison(
        run.report, again.report.model_copy(update={"verdicts": verdicts}), "none"
    )
    assert found.verdicts and not any(item.sure for item in found.verdicts)
    assert all("did not change beyond noise" in render_verdict(item) for item in found.verdicts)


def test_a_ratio_to_another_group_is_not_compared(people, make_run) -> None:
    """The most selected group is the yardstick: when it changes, 0.8 is of another rate."""
    women = people["sex"] == "Female"
    more = people.assign(y_pred=np.where(women, 1, people["y_pred"]).astype(np.int32))
    fewer = people.assign(y_pred=np.where(women, 0, people["y_pred"]).astype(np.int32))
    found = run_comparison(make_run(fewer), make_run(more))
    moved = [
        item for item in found.changes if item.reason == "set against another group than before"
    ]
    assert not moved  # the group itself changed places with its yardstick: two other numbers
    assert {item.outcome for item in found.changes if item.shown.metric == "impact_ratio"} == {
        Outcome.ONLY_BEFORE, Outcome.ONLY_AFTER
    }  # fmt: skip
    # Men were the yardstick, and fail now; women failed, and are the yardstick now.
    turns = {item.item.group: item for item in found.verdicts if item.rule == "four-fifths"}
    assert turns["Male"].way is Way.WORSE and turns["Male"].before is None
    assert turns["Female"].way is Way.BETTER and turns["Female"].after is None
    assert render_verdict(turns["Male"]).startswith("the yardstick → fail")
    three = people.assign(sex=people["sex"].where(people.index % 3 > 0, "Other"))
    high = [three.assign(y_pred=np.where(three["sex"] == group, 1, three["y_pred"]).astype(np.int32))
            for group in ("Male", "Female")]  # fmt: skip
    found = run_comparison(*(make_run(rows) for rows in high))
    (item,) = [x for x in found.changes if x.reason == "set against another group than before"
               and x.shown.metric == "impact_ratio"]  # fmt: skip
    assert item.outcome is Outcome.INCOMPARABLE and item.shown.group == "Other"
    assert item.before.reference_group == "Male" and item.after.reference_group == "Female"


def test_mirrored_numbers_are_listed_once(people, harsher, make_run) -> None:
    found = run_comparison(make_run(people), make_run(harsher))
    twin = next(x for x in found.changes if x.id == "false_negative_rate[sex=Female]")
    own = next(x for x in found.changes if x.id == "true_positive_rate[sex=Female]")
    assert twin.mirrored and twin.outcome is own.outcome is Outcome.WORSENED
    assert twin.p_value == pytest.approx(own.p_value) and twin.adjusted == own.adjusted
    assert twin not in found.find(Outcome.WORSENED) and own in found.find(Outcome.WORSENED)
    ids = [item.id for item in drop_doubles(found.find(Outcome.WORSENED))]
    assert "selection_rate_difference[sex=Female|Male]" in ids
    assert not [
        name for name in ids if name.replace("_ratio[", "_difference[") in ids and "_ratio[" in name
    ]


def test_lists_hold_every_sort(people, harsher, make_run) -> None:
    worse = drop_doubles(run_comparison(make_run(people), make_run(harsher)).find(Outcome.WORSENED))
    shown = pick_varied(worse, 3)
    sorts = {(x.shown.group, x.shown.reference_group) for x in shown}
    assert sorts == {(None, None), ("Female", None), ("Female", "Male")}
    assert shown[0] is worse[0] and pick_varied(worse, len(worse)) == worse


def test_other_questions_are_refused_in_a_sentence(people, make_run) -> None:
    report = make_run(people).report
    for other, words in (
        (
            edit(report, subject={"task": "regression"}),
            "the first is binary, the second regression",
        ),
        (edit(report, data={"target": "z"}), "the target is y in the first and z in the second"),
        (edit(report, data={"positive": "0"}), "the favourable value is 1 in the first and 0"),
    ):
        with pytest.raises(InputError, match=words):
            compute_comparison(report, other, "none")


def test_columns_that_one_run_protects_are_left_out(people, make_run) -> None:
    both = people.assign(race=np.where(people.index % 2 > 0, "a", "b"))
    found = run_comparison(make_run(people), make_run(both, ("sex", "race")))
    assert found.left_out == ("race",)
    assert not [item for item in found.verdicts if "race" in (item.item.attribute or "")]
    only = [item for item in found.changes if "race" in (item.shown.attribute or "")]
    assert only and {item.outcome for item in only} == {Outcome.ONLY_AFTER}
    assert all("one of the runs only" in item.reason for item in only)
    assert not found.got_worse


def test_what_differs_is_listed(people, make_run) -> None:
    one = make_run(people).report
    effective = {
        **one.spec.effective,
        "model": {"threshold": 0.6, "path": "m.skops"},
        "mitigate": {},
    }
    other = edit(
        one, data={"sha256": "b", "rows": 7, "source": "other.csv"},
        spec=one.spec.model_copy(update={"effective": effective}),
    )  # fmt: skip
    found = compute_comparison(one, other, "none")
    lines = {render_difference(item) for item in found.differences}
    assert {
        "rows: 1,000 → 7",
        "sha256: a → b",
        "file: rows → other.csv",
        "model.threshold: none → 0.6",
    } <= lines
    assert found.basis == "independent"
    assert not [line for line in lines if "m.skops" in line]


def test_few_rows_are_not_compared(people, make_run) -> None:
    few = people.assign(sex=people["sex"].where(people.index >= 8, "Other"))
    found = run_comparison(make_run(few), make_run(few.assign(y_pred=1 - few["y_pred"])))
    rare = [
        item
        for item in found.changes
        if item.shown.group == "Other" and item.shown.reference_group is None
    ]
    assert rare and all(item.outcome in (Outcome.INCOMPARABLE, Outcome.FACT) for item in rare)
    assert any(item.reason == "fewer than 10 rows before" for item in rare)


def test_decisions_that_cannot_be_read_are_named(people, make_run) -> None:
    run, broken = make_run(people), make_run(people)
    broken.evidence_path("predictions.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(EvidenceError, match="cannot be read"):
        run_comparison(run, broken)


def test_summaries_are_named_by_their_attribute(people, make_run) -> None:
    report = make_run(people).report
    (item,) = report.find("demographic_parity_difference")
    assert name_number(item) == "Demographic parity difference by sex"
    assert name_number(report.by_id["accuracy"]) == "Accuracy"


def test_the_same_seed_gives_the_same_comparison(people, harsher, make_run) -> None:
    runs = make_run(people), make_run(harsher)
    assert run_comparison(*runs) == run_comparison(*runs)
