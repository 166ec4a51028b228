"""The card of each kind of report: what stands in it, in which order, and what it admits."""

from __future__ import annotations

import re

import pytest

from audits.core.report.verdict import Status
from model_cards.build import build_card
from model_cards.card import (
    Fact,
    Number,
    Register,
    Section,
    Table,
    Text,
    Verdicts,
    number_ordinals,
    walk_inlines,
    walk_sections,
)

ORDER = [
    "summary",
    "intended_use",
    "out_of_scope_use",
    "model",
    "data",
    "performance",
    "fairness",
    "explanations",
    "recourse",
    "limits",
    "ethical_considerations",
    "contact",
    "checks",
    "provenance",
]


def section_of(card, key) -> Section:
    return next(section for section in walk_sections(card) if section.key == key)


def words_of(section) -> str:
    """Everything that a section and its children show."""
    own = " ".join(
        piece.display if isinstance(piece, Number) else piece.text
        for block in section.blocks
        for piece in block.inlines()
    )
    words = " ".join([own, *(words_of(child) for child in section.children)])
    return re.sub(r" +(?=[.,;])", "", re.sub(r" +", " ", words))


def test_every_kind_has_every_section_and_none_is_blank(any_report):
    card = build_card(any_report)
    assert [section.key for section in card.sections if section.key in ORDER] == ORDER
    for section in walk_sections(card):
        assert section.blocks or section.children, section.key
    for _, piece in walk_inlines(card):
        text = piece.display if isinstance(piece, Number) else piece.text
        assert text.strip() or isinstance(piece, Text)
        assert "nan" not in text.lower().split()
        assert "None" not in text


def test_section_keys_are_unique(any_report):
    keys = [section.key for section in walk_sections(build_card(any_report))]
    assert len(keys) == len(set(keys))


def test_the_same_report_gives_the_same_card(any_report):
    assert build_card(any_report) == build_card(any_report)


def test_findings_stand_worst_first_each_with_what_it_explains(binary_report):
    section = section_of(build_card(binary_report), "verdicts")
    (block,) = section.blocks
    assert isinstance(block, Verdicts)
    assert [line.status for line in block.lines] == [
        Status.FAIL,
        Status.INSUFFICIENT,  # of women of unknown race: it stands under that of women
        Status.WARN,
        Status.PASS,
    ]
    assert block.lines[0].limit == "0.800"
    assert block.lines[0].number.measurement_id == "selection_rate_ratio[sex=Female|Male]"


def test_group_sizes_come_first_and_large_groups_too(binary_report):
    section = section_of(build_card(binary_report), "performance-sex & race")
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.columns[:2] == ("Group", "Rows")
    sizes = [row[1].value for row in table.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 6


def test_widest_gap_comes_first_and_is_told_in_a_sentence(binary_report):
    section = section_of(build_card(binary_report), "fairness-sex & race")
    words = words_of(section)
    assert words.startswith("Widest gap in selection rate: Female & Black against Male & White")
    pairs = [b for b in section.blocks if isinstance(b, Table)][-1]
    gaps = [abs(row[1].value - 1) for row in pairs.rows if isinstance(row[1], Number)]
    assert gaps == sorted(gaps, reverse=True)


def test_a_gap_that_chance_explains_is_said_to_be_one(report_of, measurement_of):
    where = {"attribute": "sex", "group": "Female", "reference_group": "Male"}
    own = [
        measurement_of("selection_rate", value, 500, half=0.03, attribute="sex", group=name)
        for name, value in (("Female", 0.38), ("Male", 0.4))
    ]
    plain = measurement_of("selection_rate_difference", -0.02, unit="points", half=0.05, **where)
    for half, p_value, chance in ((0.05, 0.4, True), (0.01, 0.001, False)):
        gap = measurement_of(
            "selection_rate_gap", 0.02, unit="points", half=half, p_value=p_value,
            check="fairness.gaps", **where,
        )  # fmt: skip
        words = words_of(section_of(build_card(report_of([*own, plain, gap])), "fairness-sex"))
        assert "Widest gap in selection rate: Female against Male, 38.0% against 40.0%" in words
        assert ("chance alone could explain (p = 0.400)" in words) is chance


def test_the_widest_gap_is_between_any_two_groups_large_enough(report_of, measurement_of):
    rates = {"A": (0.5, 900), "B": (0.4, 900), "C": (0.7, 900), "tiny": (0.1, 12)}
    items = [
        measurement_of("selection_rate", value, n, half=0.03, attribute="race", group=name)
        for name, (value, n) in rates.items()
    ]
    for name, (value, _) in rates.items():
        if name != "A":  # the reference group
            items.append(
                measurement_of(
                    "selection_rate_difference", value - 0.5, unit="points", half=0.04,
                    attribute="race", group=name, reference_group="A",
                )
            )  # fmt: skip
        if name != "C":  # the best-off
            items.append(
                measurement_of(
                    "selection_rate_gap", 0.7 - value, unit="points", half=0.04, p_value=1e-6,
                    check="fairness.gaps", attribute="race", group=name, reference_group="C",
                )
            )  # fmt: skip
    words = words_of(section_of(build_card(report_of(items)), "fairness-race"))
    assert words.startswith(
        "Widest gap in selection rate: B against C, 40.0% against 70.0%, a gap of 30.0 points"
    )


def test_limitations_follow_from_the_report(binary_report):
    words = words_of(section_of(build_card(binary_report), "limitations-found"))
    assert "Selection rate of Female & (missing)" in words
    assert "Female & (missing) (sex & race)" in words
    assert "true positive rate not measured: only 1 rows, and at least 12 are needed" in words
    assert "race: 429 rows have no value." in words
    assert "Drift (left out): it was turned off in audit.toml." in words
    assert "Robustness to noise (failed to run): the model's process died." in words
    assert "at most 200 rejected rows" in words


def test_sampled_explanations_are_said(report_of, measurement_of):
    for rows, sampled in ((2000, True), (15_889, False)):
        item = measurement_of(
            "mean_absolute_attribution", 0.4, rows, unit="score", half=0.1, slice="feature=age"
        )
        words = words_of(section_of(build_card(report_of([item])), "limitations-found"))
        assert ("Explanations rest on a part of the 15,889 rows" in words) is sampled
        assert ("20261123" in words) is sampled


def test_what_is_lost_without_a_column_stands_once_and_names_its_sample(report_of, measurement_of):
    items = [
        measurement_of(metric, value, 2000, unit="difference", half=0.01, slice=f"feature={name}",
                       check=check)
        for metric, check in (
            ("mean_absolute_attribution", "explain.attributions"),
            ("partial_dependence_range", "explain.effects"),
            ("permutation_brier_score", "explain.permutation"),
            ("permutation_log_loss", "explain.permutation"),
        )
        for name, value in (("age", 0.2), ("hours", 0.3))
    ]  # fmt: skip
    found = measurement_of("anchors_found", 5, 6, unit="count", half=0, check="explain.anchors")
    card = build_card(report_of([*items, found]))
    section = section_of(card, "explanations")
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert [table.columns[1] for table in tables] == ["Mean attribution", "Rise in Brier score"]
    assert [row[0].text for row in tables[1].rows] == ["hours", "age"]
    assert "Rules found" in words_of(section)
    words = words_of(section_of(card, "limitations-found"))
    for what in ("Effects of single columns", "What is lost without a column"):
        assert f"{what} rest on a part of the 15,889 rows" in words
    assert words.count("rest on a part of") == 3


def test_empty_sections_say_why(decisions_report):
    card = build_card(decisions_report)
    reason = "(does not apply): there is no model."
    assert reason in words_of(section_of(card, "explanations"))
    assert reason in words_of(section_of(card, "recourse"))
    assert "decisions were audited as they stand" in words_of(section_of(card, "model"))
    assert "no true outcome" in words_of(section_of(card, "limitations-found"))


def test_features_stand_strongest_first(binary_report):
    table = section_of(build_card(binary_report), "explanations").blocks[0]
    names = [row[0].text for row in table.rows]
    assert names[0] == "capital-gain" and names[-1] == "größe_*"
    words = words_of(section_of(build_card(binary_report), "explanations"))
    assert "Additivity error: 3.2 × 10⁻⁷" in words


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("multiclass", "performance-overall", "<30"),
        ("multiclass", "performance-sex", "63.0%"),
        ("regression", "performance-income", "31.2"),
        ("regression", "fairness-income", "a gap of 43.8"),
        ("regression", "performance-overall", "1,235"),
    ],
)
def test_other_tasks_have_their_numbers(report_by_name, name, key, said):
    assert said in words_of(section_of(build_card(report_by_name(name)), key))


def test_register_lists_each_shown_measurement_once(any_report):
    card = build_card(any_report)
    entries = [
        entry.number.measurement_id
        for section in walk_sections(card)
        for block in section.blocks
        if isinstance(block, Register)
        for entry in block.entries
    ]
    assert entries == list(number_ordinals(card))
    assert set(entries) <= set(any_report.by_id)


def test_provenance_names_files_by_digest(binary_report):
    section = section_of(build_card(binary_report), "provenance")
    facts = {
        piece.path: piece.text
        for block in section.blocks
        for piece in block.inlines()
        if isinstance(piece, Fact)
    }
    assert facts["subject.model.sha256"] == "b" * 64
    assert facts["subject.data.sha256"] == "d" * 64
    assert facts["run.seed"] == "20261123"
    assert "numpy 2.4.6" in words_of(section)


def test_a_long_table_says_that_it_ends(report_of, measurement_of):
    items = [
        measurement_of("count", n, n, unit="count", attribute="zip", group=f"z{n}")
        for n in range(1, 43)
    ]
    section = section_of(build_card(report_of(items)), "performance-zip")
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert len(table.rows) == 40
    assert table.rows[0][0].text == "z42"
    assert table.caption.endswith("the other rows are in the report")
