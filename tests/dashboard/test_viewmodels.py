"""Viewmodels: the numbers that are shown are the report's and the cube's, in plain words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audits.core.counterfactual import NoRecourse
from audits.core.format import format_range, format_value
from audits.core.report.codes import SLICES_CHECK
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement
from audits.cube.counts.view import compute_view
from audits.cube.disparities import compute_disparities
from audits.cube.rates import RATES
from dashboard.catalogue import load_catalogue, say
from dashboard.viewmodels.card import card
from dashboard.viewmodels.cohorts import rows
from dashboard.viewmodels.counterfactuals import recourse, whatif
from dashboard.viewmodels.explanations import explanations, group_importance
from dashboard.viewmodels.fairness import fairness, intersections, thresholds
from dashboard.viewmodels.numbers import render_measurement
from dashboard.viewmodels.overview import overview
from dashboard.viewmodels.performance import performance, slices
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric, render_finding
from tests.cube.moved import move_threshold


def make(metric: str, unit: str, **fields: object) -> Measurement:
    estimate = Estimate(value=0.71, low=0.68, high=0.74, n=5_421, method="wilson", confidence=0.95)
    return Measurement(
        id="m", check="c", metric=metric, unit=unit, direction="none", estimate=estimate, **fields
    )


def test_a_number_says_its_interval_and_rows() -> None:
    item = make("selection_rate", "share")
    assert render_measurement(item) == "71.0% (95% interval 68.0% to 74.0%, n = 5,421)"


def test_findings_are_sentences_of_who_how_much_and_compared_to_whom() -> None:
    pair = {"attribute": "sex", "group": "Female", "reference_group": "Male"}
    assert render_finding(make("impact_ratio", "ratio", **pair)) == (
        "Female gets the favourable outcome 0.710 times as often as Male "
        "(95% interval 0.680 to 0.740, n = 5,421)"
    )
    gap = render_finding(make("accuracy_difference", "points", **pair))
    assert gap.startswith("Accuracy of Female minus that of Male: 71.0 points")
    assert "Accuracy of Female: 71.0%" in render_finding(
        make("accuracy", "share", attribute="sex", group="Female")
    )


def test_every_sentence_of_a_report_can_be_said(
    run: RunData, decisions: RunData, amounts: RunData
) -> None:
    for data in (run, decisions, amounts):
        for item in data.report.measurements:
            sentence = render_finding(item)
            assert sentence
            assert "nan" not in sentence.split()


def test_catalogue_has_no_empty_words() -> None:
    assert all(text.strip() for text in load_catalogue().values())


def test_findings_are_sorted_and_complete(run: RunData) -> None:
    lines = overview.list_findings(run)
    assert lines[0].status == "fail"
    assert lines[0].rule != "four-fifths"  # the rule's title, not its name
    assert lines[0].source
    in_order = sum(len(rule.lines) for rule in overview.list_met(run))
    assert sum(overview.count_statuses(run).values()) == len(lines) + in_order
    assert "against the policy" in overview.render_headline(run)


def test_group_sizes_come_largest_first_and_add_up(run: RunData) -> None:
    table = overview.tabulate_groups(run, "sex")
    sizes = list(table[say("column.rows")])
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == run.report.subject.data.rows
    assert sum(table[say("column.share")]) == pytest.approx(1.0)


def test_group_chart_shows_the_reports_numbers(run: RunData) -> None:
    chart = fairness.make_group_chart(run, "selection_rate", "sex")
    assert chart is not None
    drawn = next(t for t in chart.figure.data if t.mode == "markers")
    stored = {x.group: x.value for x in run.by_group("selection_rate", "sex")}
    assert dict(zip(drawn.y, drawn.x, strict=True)) == pytest.approx(stored)


def test_reference_group_is_the_reports(run: RunData) -> None:
    named = {x.reference_group for x in run.by_group("selection_rate_difference", "sex")}
    assert named == {run.reference_group("sex")}


def test_intersections_hold_every_cell(run: RunData) -> None:
    pair = run.pairs[0]
    chart = intersections.make_intersection_chart(run, "selection_rate", pair)
    assert chart is not None
    heat = chart.figure.data[0]
    drawn = sorted(cell for row in heat.z for cell in row)
    stored = sorted(x.value for x in run.by_group("selection_rate", pair))
    assert drawn == pytest.approx(stored)
    assert intersections.make_intersection_chart(run, "selection_rate", "sex") is None


def test_metric_of_a_finding_is_what_it_compares(run: RunData) -> None:
    assert fairness.choose_metric(run, "sex", "accuracy_difference") == "accuracy"
    assert fairness.choose_metric(run, "sex", "impact_ratio") in fairness.list_metrics(run, "sex")
    equal = fairness.choose_metric(run, "sex", "equal_opportunity_difference")
    assert equal == "true_positive_rate"


def test_moved_threshold_equals_a_count_of_the_rows(run: RunData) -> None:
    moved = thresholds.compute_moved(run, "sex", "selection_rate", 0.7)
    frame = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    counted = (frame["y_score"] >= 0.7).groupby(frame["sex"]).mean()
    name = say("lab.moved", threshold="0.70")
    for _, record in moved.groups.iterrows():
        share = float(counted[record[say("column.group")]])
        assert record[name] == format_value(share, "share")
    accuracy = ((frame["y_score"] >= 0.7) == (frame["y_true"] == 1)).mean()
    shown = moved.overall.iloc[0][name]
    assert shown.split(" (")[0] == format_value(float(accuracy), "share")
    gap = moved.overall.set_index(say("column.measure")).loc["Demographic parity difference", name]
    assert gap.split(" (")[0] == format_value(float(counted.max() - counted.min()), "points")


def test_audited_threshold_moves_nothing(run: RunData) -> None:
    audited = thresholds.audited_threshold(run)
    assert audited == 0.5
    moved = thresholds.compute_moved(run, "sex", "true_positive_rate", audited)
    assert set(moved.groups[say("column.change")]) == {"0 points"}
    assert (moved.overall.iloc[:, 1] == moved.overall.iloc[:, 2]).all()


def test_lab_gaps_have_the_interval_that_an_audit_at_that_threshold_would_give(
    run: RunData,
) -> None:
    for threshold in (0.5, 0.31):
        moved = thresholds.compute_moved(run, "sex", "accuracy", threshold).overall
        told = dict(zip(moved.iloc[:, 0], moved.iloc[:, 2], strict=True))
        view = compute_view(move_threshold(run.cube, threshold), ("sex",))
        for disparity, result in compute_disparities(view, 30):
            if disparity.kind != "difference":
                continue
            ends = format_range(result.low, result.high, "points")
            point = format_value(result.value, "points")
            assert told[name_metric(disparity.name)] == f"{point} ({ends})"
        accuracy = RATES["accuracy"].compute(compute_view(move_threshold(run.cube, threshold), ()))
        ends = format_range(float(accuracy.low[0]), float(accuracy.high[0]), "share")
        assert told[name_metric("accuracy")].endswith(f"({ends})")


def test_threshold_curves_equal_the_cube(run: RunData) -> None:
    chart = thresholds.make_threshold_chart(run, "sex", "selection_rate", 0.5)
    trace = chart.figure.data[0]
    place = list(trace.x).index(0.3)
    view = compute_view(move_threshold(run.cube, 0.3), ("sex",))
    share = RATES["selection_rate"].compute(view).value[view.labels.index(trace.name)]
    assert trace.y[place] == pytest.approx(share)


def test_curves_and_confusion_equal_the_cube(run: RunData) -> None:
    frame = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    female = frame[frame["sex"] == "Female"]
    heat = performance.make_confusion(run, "sex", "Female").figure.data[0]
    right = int(((female["y_true"] == 1) & (female["y_pred"] == 1)).sum())
    assert heat.text[1][1].startswith(f"{right}<br>")
    roc = performance.make_roc(run, None).figure.data[0]
    assert (roc.x[0], roc.x[-1], roc.y[-1]) == (0.0, 1.0, 1.0)
    assert performance.make_calibration(run, "sex", "Female").title


def test_importance_is_the_reports_and_groups_are_means(run: RunData) -> None:
    items = explanations.list_importance(run)
    evidence = explanations.find_evidence(run)
    assert evidence is not None
    frame = pd.read_parquet(run.bundle.evidence_path(evidence))
    for item in items:
        assert item.value == pytest.approx(frame[item.feature].abs().mean(), rel=1e-5)
    chart = group_importance.make_group_chart(run, "mean_absolute_attribution", "sex")
    assert chart is not None
    joined = frame.merge(
        pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))[["row", "sex"]], on="row"
    )
    traces = {trace.name: trace for trace in chart.figure.data}
    female = joined[joined["sex"] == "Female"]
    trace = traces[f"Female (n = {len(female)})"]
    features = list(frame.columns.drop(["row", "base", "output"]))
    expected = sorted(female[features].abs().mean())
    assert np.allclose(sorted(trace.x), expected, rtol=1e-5)


def test_waterfall_of_a_row_adds_up(run: RunData) -> None:
    chart = explanations.make_row_chart(run, "r3", None)
    assert chart is not None
    steps = chart.figure.data[0].x
    assert sum(steps[:-1]) == pytest.approx(steps[-1], abs=1e-4)
    assert explanations.make_row_chart(run, "no such row", None) is None


def test_answers_are_told_and_rows_listed(run: RunData) -> None:
    answers = recourse.load_answers(run)
    table = recourse.tabulate_rows(run)
    assert list(table[say("column.row")]) == answers.rows
    row, found = next(iter(answers.by_row.items()))
    sentence = recourse.render_answer(run, found[0], 0.4)
    assert sentence.startswith("If ")
    assert "instead of 0.400; 0.5 is needed" in sentence
    assert len(recourse.tabulate_answer(found[0])) == len(found[0].changes)
    assert set(recourse.find_values(run, row, 0)) == {c.column for c in found[0].changes}
    assert recourse.make_columns_chart(run) is not None


def test_a_row_without_recourse_says_whether_that_is_proven() -> None:
    none = NoRecourse("7", "No allowed change reaches it.", "every change of up to 2 columns.")
    assert recourse.render_none(none) == (
        "No allowed change was found for this row, which is no proof that none exists: "
        "No allowed change reaches it."
    )
    proven = replace(none, proven=True, max_changes=2)
    assert recourse.render_none(proven) == (
        "Proven: this row has no recourse. No allowed change reaches it."
    )
    assert recourse.render_searched(proven) == "Searched: every change of up to 2 columns."
    answers = recourse.Answers({}, {"7": none, "8": proven})
    assert not recourse.is_proven(answers, "7")
    assert recourse.is_proven(answers, "8")


def test_rows_are_read_from_the_data_in_the_order_asked(run: RunData) -> None:
    source = rows.open_rows(run)
    assert isinstance(source, rows.RowSource)
    frame = source.read(["r5", "r2", "absent"])
    assert list(frame.index) == ["r5", "r2"]
    assert list(frame["id"]) == ["r5", "r2"]
    source.close()


def test_edited_row_is_predicted_by_the_model_itself(run: RunData) -> None:
    source, client = rows.open_rows(run), rows.open_run_model(run)
    assert isinstance(source, rows.RowSource)
    assert not isinstance(client, rows.Absent)
    with client:
        row, answers = next(iter(recourse.load_answers(run).by_row.items()))
        original = source.read([row]).iloc[0]
        fields = whatif.list_fields(run, original, source.sample(100), client.info.features)
        assert {field.name for field in fields} == set(client.info.features)
        assert [field.name for field in fields if field.locked] == ["biased"]
        edits = recourse.find_values(run, row, 0)
        now = whatif.compute_prediction(run, client, original, edits)
        before = whatif.compute_prediction(run, client, original, {})
        assert isinstance(now, whatif.Prediction)
        assert isinstance(before, whatif.Prediction)
        assert now.score == pytest.approx(answers[0].y_score)
        assert (before.favourable, now.favourable) == (False, True)
        facts = rows.read_score(run, row)
        assert facts is not None
        assert before.score == pytest.approx(facts["y_score"])
        same = {name: original[name] for name in client.info.features}
        assert whatif.list_changed(original, same) == []
    source.close()


def test_an_edit_that_breaks_a_rule_of_the_search_is_told_which(run: RunData) -> None:
    source = rows.open_rows(run)
    assert isinstance(source, rows.RowSource)
    row = next(iter(recourse.load_answers(run).by_row))
    original = source.read([row]).iloc[0]
    sample = source.sample(100)
    names = [name for name in sample.columns if name in recourse.load_answers(run).by_row[row][0]
             .values]  # fmt: skip
    told = {
        str(edits): whatif.list_violations(run, original, edits, sample, names, {})
        for edits in ({}, recourse.find_values(run, row, 0), {"biased": 1 - original["biased"]})
    }
    assert list(told.values())[:2] == [[], []]  # what the search found keeps its own rules
    assert list(told.values())[2] == ["Breaks a rule: biased cannot change."]
    answer = recourse.load_answers(run).by_row[row][0]
    notes = recourse.list_notes(run, answer)
    assert "biased cannot change" in notes[0]
    assert notes[-1].startswith("The nearest real row")
    source.close()


def test_changed_data_is_not_passed_off_as_the_audited(
    run: RunData, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = run.report.subject.data.model_copy(update={"sha256": "0" * 64})
    subject = run.report.subject.model_copy(update={"data": data})
    changed = RunData(run.bundle)
    monkeypatch.setattr(changed, "report", run.report.model_copy(update={"subject": subject}))
    absent = rows.open_rows(changed)
    assert isinstance(absent, rows.Absent)
    assert absent.reason == say("absent.data_changed")


def test_run_without_model_says_so(decisions: RunData) -> None:
    absent = rows.open_run_model(decisions)
    assert isinstance(absent, rows.Absent)
    assert absent.reason == say("absent.no_model")


def test_card_frame_may_do_nothing(run: RunData) -> None:
    page = card.render_frame(run)
    assert "<iframe sandbox title=" in page
    assert page.count("<iframe") == 1
    assert "<script" not in page
    assert card.render(run, "report") == run.report.to_json()


def test_worst_slices_are_sentences_and_a_table(run: RunData, decisions: RunData) -> None:
    for data in (run, decisions):
        worst = slices.make_worst_slices(data)
        assert worst is not None
        assert worst.note
        assert len(worst.table) >= len(worst.sentences) - 1
        assert worst.sentences
        shown = " ".join([*worst.sentences, *worst.table.astype(str).to_numpy().ravel()])
        assert "nan" not in shown.lower().split()


def test_a_slice_says_who_how_much_compared_to_whom_and_how_sure(run: RunData) -> None:
    check = {"check": SLICES_CHECK, "direction": "none", "slice": "a under 2 & b = x\u202e"}
    gap = Estimate(value=-0.25, low=-0.3, high=-0.2, n=450, method="mover_wilson", confidence=0.95)
    listed = (
        Measurement(id="g", metric="accuracy_difference", unit="points", estimate=gap,
                    p_value=0.0001, adjusted_for=20, **check),
        Measurement(id="c", metric="count", unit="count", estimate=Estimate.exact(90, 90), **check),
    )  # fmt: skip
    others = tuple(m for m in run.report.measurements if m.check != SLICES_CHECK)

    def with_items(items: tuple[Measurement, ...]) -> RunData:
        changed = RunData(run.bundle)
        changed.report = run.report.model_copy(update={"measurements": others + items})
        return changed

    worst = slices.make_worst_slices(with_items(listed))
    assert worst is not None
    assert worst.sentences == (
        "a under 2 & b = x\ufffd: accuracy is 25.0 points lower than in all other rows "
        "(95% interval 20.0 to 30.0, p < 0.001, adjusted; 90 rows, 10.0% of those searched)",
    )
    assert worst.table[say("column.rows")].tolist() == [90]
    empty = slices.make_worst_slices(with_items(()))
    assert empty is not None
    assert empty.sentences == (say("slices.none"),)
    assert empty.table.empty
