"""The card's part on other thresholds: numbers with references, the warning, small groups named."""

from __future__ import annotations

from importlib import import_module

from audits.checks.base import CubeContext
from audits.checks.fairness.interventions import compute_interventions
from audits.core.words.metrics import ATTRIBUTE_WARNING
from model_cards.build import build_card
from model_cards.card import Number, walk_inlines, walk_sections
from model_cards.render.markdown import render_markdown

cubes = import_module("tests.mitigate.conftest")
reports = import_module("tests.model_cards.conftest")
check = import_module("tests.mitigate.test_interventions_check")


def make_card(rows: int):
    context = CubeContext(check.make_spec(), cubes.draw_cube(0, rows))
    found = compute_interventions(context).measurements
    return build_card(reports.make_report(found)), found


def test_thresholds_have_a_section_of_their_own() -> None:
    card, found = make_card(3000)
    keys = [section.key for section in walk_sections(card)]
    assert "interventions" in keys
    assert "interventions-team" in keys
    text = render_markdown(card)
    assert ATTRIBUTE_WARNING in text
    assert (
        "No gap between groups is a finding of this audit, so there is nothing to narrow." in text
    )
    assert "owing much to chance" not in text
    shown = {item.measurement_id for _, item in walk_inlines(card) if isinstance(item, Number)}
    gaps = {item.id for item in found if item.metric.startswith("gap_") and item.group is None}
    assert gaps <= shown


def test_their_numbers_stand_nowhere_else() -> None:
    card, _ = make_card(3000)
    for section in walk_sections(card):
        if not section.key.startswith(("interventions", "numbers", "limitations")):
            assert "gap_after" not in str(section.blocks), section.key


def test_small_groups_are_named() -> None:
    text = render_markdown(make_card(300)[0])
    assert "Chosen on fewer than 100 rows" in text


def test_without_them_there_is_no_section(binary_report) -> None:
    keys = [section.key for section in walk_sections(build_card(binary_report))]
    assert not [key for key in keys if key.startswith("interventions")]
