"""What makes the model err, in the card."""

from __future__ import annotations

from collections.abc import Iterator

from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part
from audits.core.report.report import AuditReport
from audits.core.words.words import describe
from audits.findings import list_tested, name_column, render_error_driver
from model_cards.card import Block, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import join_words, note_intervals

ERRORS_CHECK = "explain.errors"
_TOP = 10
_MEAN, _WRONG = "mean_loss_attribution", "mean_loss_attribution_wrong"


def build_errors(report: AuditReport) -> Iterator[Section]:
    """Yield the section on what each column does to the error, if measured."""
    items = [item for item in report.measurements if item.check == ERRORS_CHECK]
    whole = [item for item in items if item.metric == _MEAN and item.attribute is None]
    if not whole:
        return
    tested = list_tested(whole)
    harmful = [item for item in tested if (item.value or 0.0) > 0]
    told = [f"{render_error_driver(item)}." for item in harmful]
    if not harmful:
        told = ["No column was shown to make predictions worse."]
    blocks: list[Block] = [Paragraph((Text(sentence),)) for sentence in told]
    among = {item.part: item for item in items if item.metric == _WRONG}
    blocks.append(_tabulate(whole, among))
    described = next((e.description for e in report.evidence if "loss_attributions" in e.path), "")
    if described:
        blocks.append(Paragraph((Text(f"{described}."),), note=True))
    intro = (
        "What knowing a column changes in the model's error; below 0 it makes predictions better. "
        "Wrong rows were chosen for being wrong, so that columns that mislead stand out there."
    )
    yield Section("errors", "What makes the model err", tuple(blocks), intro=intro)


def _tabulate(items: list[Measurement], among: dict[Part | None, Measurement]) -> Table:
    ranked = sorted(items, key=lambda item: -abs(item.value or 0.0))[:_TOP]
    rows: list[tuple[Inline, ...]] = [
        (
            Text(name_column(item)),
            make_number(item, Form.TEST),
            make_number(among[item.part], Form.TEST)
            if item.part in among
            else Text("not reported"),
        )
        for item in ranked
    ]
    caption = join_words("Strongest first", note_intervals(ranked), "p-values adjusted by Holm")
    titles = (describe(_MEAN).title, describe(_WRONG).title)
    return Table(caption, ("Column", *titles), tuple(rows))
