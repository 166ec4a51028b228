"""How far each explanation can be relied on: its label, what it rests on, and every measure."""

from __future__ import annotations

from audits.core.report.codes import TRUST_CHECK
from audits.core.report.report import AuditReport, CheckStatus
from audits.core.words.methods import TITLES
from audits.core.words.words import describe, lower
from audits.findings import GRADES, Trust, TrustFinding, judge_explanations
from model_cards.card import Block, Bullets, Form, Inline, Paragraph, Section, Table, Text
from model_cards.numbers import make_number
from model_cards.sections.tables import describe_check, join_words, note_intervals

_TITLE = "How far the explanation can be relied on"
_INTRO = (
    "Tested on a sample of rows: whether the score follows the explanation, other methods say the "
    "same, small changes leave it alone, and its parts add up. The label is the worst of what was "
    "found; it judges the explanation, not the model."
)


def build_trust(report: AuditReport) -> tuple[Section, ...]:
    """Return one section for all explanations that were tested; none where no such check ran."""
    outcome = next((one for one in report.checks if one.code == TRUST_CHECK), None)
    if outcome is None:
        return ()
    if outcome.status is not CheckStatus.MEASURED:
        blocks: tuple[Block, ...] = (Bullets(((Text(describe_check(outcome)),),)),)
        return (Section("explanations-trust", _TITLE, blocks),)
    blocks = tuple(
        block for trust in judge_explanations(report.measurements) for block in _tell(trust)
    )
    return (Section("explanations-trust", _TITLE, blocks, (), _INTRO),)


def _tell(trust: Trust) -> list[Block]:
    line: list[Inline] = [Text(f"{trust.title}: {lower(trust.label)}.")]
    for one in trust.decisive[:3]:
        word = describe(one.measurement.metric)
        line += [
            Text(f" {word.title}: "), make_number(one.measurement, Form.FULL),
            Text(f". {word.meaning}"),
        ]  # fmt: skip
    items = [one.measurement for one in trust.findings]
    caption = join_words(f"Tests of {trust.title}", note_intervals(items))
    rows = tuple(_make_row(one) for one in trust.findings)
    return [Paragraph(tuple(line)), Table(caption, ("Test", "Result", "Says"), rows)]


def _make_row(finding: TrustFinding) -> tuple[Inline, ...]:
    item = finding.measurement
    other = item.part_other
    name = describe(item.metric).title + (f" ({TITLES.get(other, other)})" if other else "")
    says = "no limit" if finding.grade is None else lower(GRADES[finding.grade])
    if item.estimate is None and finding.grade is None:
        says = "not measured"
    return (Text(name), make_number(item), Text(says))
