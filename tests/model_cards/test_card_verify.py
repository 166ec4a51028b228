"""A card that no longer says what the report says is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audits.core.report.report import AuditReport
from model_cards.build import build_card
from model_cards.card import Section, number_ordinals
from model_cards.render.html import render_html
from model_cards.render.markdown import render_markdown
from model_cards.verify import find_numbers, find_references, verify_card, verify_text

RENDERERS = (render_markdown, render_html)


def remake(report, **fields):
    """Return the report with some fields changed, read anew so that nothing is remembered."""
    return AuditReport.from_json(report.model_copy(update=fields).to_json())


def change(report, name, **fields):
    """Return the report with one measurement's estimate changed."""
    items = [
        item.model_copy(update={"estimate": item.estimate.model_copy(update=fields)})
        if item.id == name
        else item
        for item in report.measurements
    ]
    return remake(report, measurements=tuple(items))


def test_a_fresh_card_holds(any_report):
    card = build_card(any_report)
    assert verify_card(card, any_report) == []
    for render in RENDERERS:
        assert verify_text(render(card), any_report) == []


@pytest.mark.parametrize("render", RENDERERS)
def test_ids_are_read_back_from_rendered_text(any_report, render):
    card = build_card(any_report)
    assert set(find_references(render(card))) == set(number_ordinals(card))


def test_a_stale_card_is_found_out(binary_report):
    card = build_card(binary_report)
    newer = change(binary_report, "accuracy", value=0.8601)
    for problems in (
        verify_card(card, newer),
        *(verify_text(render(card), newer) for render in RENDERERS),
    ):
        assert "accuracy" in {problem.reference for problem in problems}
        assert any("another report" in problem.message for problem in problems)


def test_a_measurement_that_is_gone_is_found_out(binary_report):
    card = build_card(binary_report)
    kept = tuple(item for item in binary_report.measurements if item.id != "roc_auc")
    newer = remake(binary_report, measurements=kept)
    for problems in (
        verify_card(card, newer),
        *(verify_text(render(card), newer) for render in RENDERERS),
    ):
        assert ("roc_auc", True) in {(p.reference, "no such" in p.message) for p in problems}


@pytest.mark.parametrize("render", RENDERERS)
def test_a_number_edited_by_hand_is_found_out(binary_report, render):
    text = render(build_card(binary_report))
    assert "85.2%" in text
    edited = text.replace("85.2%", "95.2%", 1)
    (problem,) = verify_text(edited, binary_report)
    assert problem.reference == "accuracy"
    assert "95.2%" in problem.message


def test_an_edited_line_of_the_register_is_found_out(binary_report):
    text = render_markdown(build_card(binary_report))
    line = next(line for line in text.splitlines() if "`accuracy`" in line and "<a id" in line)
    edited = text.replace(line, line.replace("15,889", "1,588,900"))
    assert [p.reference for p in verify_text(edited, binary_report)] == ["accuracy"]


def test_an_edited_digest_is_found_out(binary_report):
    html = render_html(build_card(binary_report))
    edited = html.replace("d" * 64, "0" * 64)
    assert {p.reference for p in verify_text(edited, binary_report)} == {"subject.data.sha256"}


def test_a_reference_that_leads_nowhere_is_found_out(binary_report):
    text = render_markdown(build_card(binary_report))
    edited = text.replace("](#n1)", "](#n9999)")
    assert any("no line of the register" in p.message for p in verify_text(edited, binary_report))


def test_text_without_any_number_does_not_pass(binary_report):
    assert verify_text("All is well.", binary_report)


def test_a_changed_fact_and_an_unlisted_number_are_found_out(binary_report):
    card = build_card(binary_report)
    bare = replace(card, sections=tuple(s for s in card.sections if s.key != "numbers"))
    assert any("not in the register" in p.message for p in verify_card(bare, binary_report))
    subject = binary_report.subject
    moved = subject.model_copy(update={"data": subject.data.model_copy(update={"rows": 7})})
    newer = remake(binary_report, subject=moved)
    assert "subject.data.rows" in {p.reference for p in verify_card(card, newer)}


def test_names_from_the_data_cannot_forge_a_number(report_of, measurement_of):
    fake = "[99.9%](#n1)"
    where = {"attribute": "sex", "group": f"\\{fake}"}
    report = report_of([measurement_of("accuracy", 0.4, half=0.1, **where)])
    card = build_card(report)
    extra = Section("x", "X", (card.sections[0].blocks[0],), intro=fake)
    forged = replace(card, sections=(*card.sections, extra))
    for render in RENDERERS:
        shown = {number.text for number in find_numbers(render(forged))}
        assert "99.9%" not in shown
        assert verify_text(render(forged), report) == []
