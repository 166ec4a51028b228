"""The label of an explanation: from what was measured of it to "can be relied on" or not. What
grades it stands in one table, `trust_limits`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audits.core.format import format_count, format_range, format_reason, format_value
from audits.core.report.codes import TRUST_CHECK
from audits.core.report.measurement import Measurement, Unit
from audits.core.words.methods import TITLES
from audits.core.words.words import describe, list_words, lower
from audits.findings.stories.trust_limits import ASPECTS, FAITHFUL, GRADES, LIMITS, Grade

_LIMITS = {limit.metric: limit for limit in LIMITS}


_SENTENCES: Mapping[str, str] = {
    "trust_deletion": "Shuffling the explanation's top columns changes the score {value} times as "
    "much as shuffling random ones ({interval})",
    "trust_insertion": "Keeping only the explanation's top columns leaves the score {value} times "
    "as near to the row's own as keeping random ones ({interval})",
    "trust_claim": "Where the explanation says that shuffling some columns moves the score by 1, "
    "it moves by {value} ({interval})",
    "trust_agreement": "{other}, which estimates the same numbers, ranks a row's columns with a "
    "correlation of {value} to this explanation ({interval})",
    "trust_agreement_top": "{other} has {value} of the explanation's top columns at its top too "
    "({interval})",
    "trust_other_agreement": "{other}, which asks another question where columns are correlated, "
    "so that a difference is no fault, ranks a row's columns with a correlation of {value} to "
    "this explanation ({interval})",
    "trust_other_agreement_top": "{other}, which asks another question where columns are "
    "correlated, has {value} of the explanation's top columns at its top too ({interval})",
    "trust_noise": "Moving a row's numbers by a few percent of their spread keeps the ranks of its "
    "columns, with a correlation of {value} ({interval})",
    "trust_noise_change": "Moving a row's numbers by a few percent of their spread changes the "
    "explanation by up to {value} of its size ({interval})",
    "trust_background": "Against another half of the reference rows the ranks of a row's columns "
    "correlate at {value} ({interval})",
    "trust_background_change": "Against another half of the reference rows the explanation "
    "changes by {value} of its size ({interval})",
    "trust_additivity": "The parts miss the output by {value} of the outputs' spread ({interval})",
    "trust_sampling": "The stated errors of the sampled values are {value} of the values "
    "({interval})",
}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One of the questions that a reader has of an explanation, and what answers it.

    grade: the worst of `findings`; None where none has one.
    """

    name: str
    grade: Grade | None
    findings: tuple[TrustFinding, ...]


@dataclass(frozen=True, slots=True)
class TrustFinding:
    """One measure of an explanation. grade: None where there is no number, or no limit. sentence:
    what it says, without a full stop."""

    measurement: Measurement
    grade: Grade | None
    sentence: str

    @property
    def reason(self) -> str:
        """Why the limits are where they are; "" where there are none."""
        limit = _LIMITS.get(self.measurement.metric)
        return "" if limit is None else limit.reason


@dataclass(frozen=True, slots=True)
class Trust:
    """The label of one attribution. grade: the worst of its findings, None where nothing could
    be measured. findings: in the order of the table."""

    method: str
    grade: Grade | None
    findings: tuple[TrustFinding, ...]

    @property
    def title(self) -> str:
        """The method's name for people."""
        return TITLES.get(self.method, self.method)

    @property
    def label(self) -> str:
        """The label in words."""
        return "Not tested" if self.grade is None else GRADES[self.grade]

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """The findings by what they tell, in the order of `ASPECTS`; those with any."""
        found = []
        for name, metrics in ASPECTS.items():
            mine = tuple(one for one in self.findings if one.measurement.metric in metrics)
            if mine:
                found.append(Aspect(name, find_worst(one.grade for one in mine), mine))
        return tuple(found)

    @property
    def decisive(self) -> tuple[TrustFinding, ...]:
        """The findings that the label rests on: the bad ones, or the first where all are good."""
        if self.grade in (None, Grade.RELIABLE):
            return tuple(one for one in self.findings if one.grade is not None)[:1]
        return tuple(one for one in self.findings if one.grade is self.grade)

    @property
    def sentence(self) -> str:
        """What the label rests on, as one plain sentence."""
        if self.grade is None:
            return "No measure of this explanation could be taken."
        if not self.decisive:
            return "Nothing could be measured of how the score follows the explanation."
        text = self.decisive[0].sentence
        others = [
            lower(describe(name).title)
            for name in dict.fromkeys(one.measurement.metric for one in self.decisive[1:])
        ]
        if others:
            text += f". Also against it: {list_words(others)}"
        return f"{text}."


def judge_explanations(measurements: Iterable[Measurement]) -> tuple[Trust, ...]:
    """Return the label of every attribution that was put to the test, in the report's order."""
    by_method: dict[str, list[Measurement]] = {}
    for item in measurements:
        if item.check == TRUST_CHECK and item.part is not None:
            by_method.setdefault(item.part_name, []).append(item)
    return tuple(_judge(method, items) for method, items in by_method.items())


def find_worst(grades: Iterable[Grade | None]) -> Grade | None:
    """Return the worst of the grades that there are, None for none."""
    known = [grade for grade in grades if grade is not None]
    return max(known, key=list(Grade).index) if known else None


def _judge(method: str, items: Sequence[Measurement]) -> Trust:
    order = {limit.metric: place for place, limit in enumerate(LIMITS)}
    ranked = sorted(items, key=lambda item: order.get(item.metric, len(order)))
    findings = tuple(_find(item) for item in ranked)
    if _says_nothing(items):
        findings = tuple(_condemn_claim(one) for one in findings)
    grades = [one.grade for one in findings if one.grade is not None]
    if grades and not any(one.grade and one.measurement.metric in FAITHFUL for one in findings):
        grades.append(Grade.CARE)
    return Trust(method, find_worst(grades), findings)


def _says_nothing(items: Sequence[Measurement]) -> bool:
    """Return whether the explanation moves every column alike while the score does move."""
    known = {item.metric: item.value is not None for item in items}
    return known.get("trust_deletion", False) and not known.get("trust_claim", True)


def _condemn_claim(finding: TrustFinding) -> TrustFinding:
    if finding.measurement.metric != "trust_claim":
        return finding
    words = "The explanation moves every column alike, and so tells nothing apart"
    return TrustFinding(finding.measurement, Grade.UNRELIABLE, words)


def _find(item: Measurement) -> TrustFinding:
    word = describe(item.metric)
    estimate = item.estimate
    if estimate is None:
        assert item.unavailable is not None  # the type has exactly one of the two
        return TrustFinding(item, None, f"{word.title}: {format_reason(item.unavailable)}")
    limit = _LIMITS.get(item.metric)
    rows = f"{format_count(estimate.n)} rows"
    unit = _choose_unit(item.unit)
    ends = format_range(estimate.low, estimate.high, unit)
    level = f"{estimate.confidence * 100:.3g}% {ends}; {rows}"
    sure = len(set(ends.split(" to "))) == 1
    other = item.part_other
    text = _SENTENCES.get(item.metric, word.title + ": {value} ({interval})").format(
        value=format_value(estimate.value, unit),
        interval=rows if sure else level,
        other=TITLES.get(other, other),
    )
    return TrustFinding(item, None if limit is None else limit.grade(estimate), text)


def _choose_unit(unit: Unit) -> Unit:
    """Return how a number is written: ratios and correlations with two decimals, no more than
    their intervals bear."""
    return unit if unit in ("share", "points") else "columns"
