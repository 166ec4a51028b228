"""How far the explanation on the page can be relied on: a label, a sentence, four aspects."""

from __future__ import annotations

from dataclasses import dataclass

from audits.core.format import plain_text
from audits.core.report.codes import TRUST_CHECK
from audits.core.words.metrics import describe
from audits.findings import Aspect, Grade, Trust, judge_explanations
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData


@dataclass(frozen=True, slots=True)
class AspectLine:
    """One aspect: its badge's text and grade, and what was measured of it, for who asks."""

    name: str
    text: str
    grade: Grade | None
    help: str


@dataclass(frozen=True, slots=True)
class TrustPanel:
    """What is shown of one attribution's trust. grade: None where nothing was tested."""

    grade: Grade | None
    label: str
    sentence: str
    aspects: tuple[AspectLine, ...]


def make_panel(run: RunData, evidence: str) -> TrustPanel:
    """Return the panel of the attributions in `evidence`, `attributions.<method>.parquet`."""
    method = evidence.removeprefix("attributions.").removesuffix(".parquet")
    found = {one.method: one for one in judge_explanations(run.report.measurements)}.get(method)
    if found is None:
        reasons = (check.reason for check in run.report.checks if check.code == TRUST_CHECK)
        reason = next(reasons, "") or say("trust.none_checked")
        label = say("trust.none")
        return TrustPanel(None, label, say("trust.untested", reason=plain_text(reason)), ())
    return TrustPanel(
        found.grade,
        found.label,
        _add_meaning(found),
        tuple(_make_line(one) for one in found.aspects),
    )


def _add_meaning(trust: Trust) -> str:
    grade = "none" if trust.grade is None else trust.grade.value
    return f"{trust.sentence} {say(f'trust.means.{grade}')}"


def _make_line(aspect: Aspect) -> AspectLine:
    grade = "none" if aspect.grade is None else aspect.grade.value
    name = say(f"trust.aspect.{aspect.name}")
    told = [say(f"trust.about.{aspect.name}")]
    for one in aspect.findings:
        meaning = describe(one.measurement.metric).meaning
        told.append(f"{plain_text(one.sentence)}. {meaning}")
    return AspectLine(
        aspect.name, say("trust.aspect.line", name=name, grade=say(f"trust.word.{grade}")),
        aspect.grade, "\n\n".join(told),
    )  # fmt: skip
