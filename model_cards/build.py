"""From a report to its card: the order of the sections, the words used, the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from audits.core.report.report import AuditReport
from audits.core.words.metrics import describe
from model_cards.card import (
    Card,
    Line,
    Number,
    Pairs,
    Paragraph,
    Register,
    Section,
    Text,
    number_ordinals,
    walk_inlines,
)
from model_cards.human import check_keys, make_human_section
from model_cards.numbers import compute_report_sha256, make_entry
from model_cards.sections.explained.explanations import build_explanations
from model_cards.sections.explained.reasons import build_reasons
from model_cards.sections.explained.recourse import build_recourse
from model_cards.sections.fairness import build_fairness
from model_cards.sections.limitations import build_limitations
from model_cards.sections.performance import build_performance
from model_cards.sections.provenance import build_checks, build_provenance
from model_cards.sections.subject import build_data, build_model
from model_cards.sections.summary import build_summary


def build_card(report: AuditReport, human: Mapping[str, str] | None = None) -> Card:
    """Return the model card of a report.

    `human` holds people's own sections by the keys of `model_cards.human.PROMPTS`; absent
    ones are marked as not written. The same report and texts give the same card. Raises
    InputError for an unknown key.
    """
    words = human or {}
    check_keys(words)
    card = Card(
        title=report.subject.name,
        run=report.run.id,
        created=report.run.created,
        report_sha256=compute_report_sha256(report),
        sections=(
            build_summary(report),
            make_human_section("intended_use", words),
            make_human_section("out_of_scope_use", words),
            build_model(report),
            build_data(report),
            build_performance(report),
            build_fairness(report),
            build_explanations(report),
            *filter(None, (build_reasons(report),)),
            build_recourse(report),
            build_limitations(report, words),
            make_human_section("ethical_considerations", words),
            make_human_section("contact", words),
            build_checks(report),
            build_provenance(report),
        ),
        kind="Model card" if report.subject.model is not None else "Card of decisions",
    )
    ending = tuple(filter(None, (_build_glossary(card, report), _build_register(card, report))))
    return replace(card, sections=card.sections + ending)


def _build_glossary(card: Card, report: AuditReport) -> Section | None:
    shown = dict.fromkeys(
        report.by_id[item.measurement_id].metric
        for _, item in walk_inlines(card)
        if isinstance(item, Number)
    )
    rows: list[tuple[str, Line]] = [
        (describe(name).title, (Text(describe(name).meaning),))
        for name in shown
        if describe(name).meaning
    ]
    if not rows:
        return None
    return Section("words", "Words used", (Pairs(tuple(sorted(rows))),))


def _build_register(card: Card, report: AuditReport) -> Section:
    ids = number_ordinals(card)
    intro = (
        "Each number on this card refers to a line below, and each line to a measurement in "
        "report.json. Values are as stored: a share of 0.5 is 50%."
    )
    if not ids:
        block = Paragraph((Text("The card shows no measurement."),))
        return Section("numbers", "Every number and its measurement", (block,))
    register = Register(tuple(make_entry(report.by_id[name]) for name in ids))
    return Section("numbers", "Every number and its measurement", (register,), intro=intro)
