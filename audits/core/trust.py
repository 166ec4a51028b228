"""The label of an explanation: from what was measured of it to "can be relied on" or not.

The limits stand in one table. They judge an explanation, never the model: a model whose
explanation is not reliable may be a good one, only nobody has been told why it decides as it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from audits.core.estimate import Estimate
from audits.core.format import format_count, format_range, format_reason, format_value
from audits.core.measurement import Measurement, Unit
from audits.core.words import describe, list_words, lower

TRUST_CHECK = "explain.trust"
_METHOD = "method="
_PAIR = "|"


class Grade(StrEnum):
    """How far an explanation, or one measure of it, can be trusted; best first."""

    RELIABLE = "reliable"
    CARE = "care"
    UNRELIABLE = "unreliable"


GRADES: Mapping[Grade, str] = {
    Grade.RELIABLE: "Can be relied on",
    Grade.CARE: "With care",
    Grade.UNRELIABLE: "Not reliable",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """When one measure speaks for an explanation and when against it.

    reliable: the bound that the whole interval must keep. unreliable: the bound that the whole
    interval must miss; None where the measure alone never condemns. Between them: with care.
    more_is_better: which side of the bounds is the good one. reason: why there.
    """

    metric: str
    reliable: float
    unreliable: float | None
    more_is_better: bool
    reason: str

    def grade(self, estimate: Estimate) -> Grade:
        """Return what an estimate with its interval says."""
        sign = 1.0 if self.more_is_better else -1.0
        worst, best = sorted((sign * estimate.low, sign * estimate.high))
        if self.unreliable is not None and best < sign * self.unreliable:
            return Grade.UNRELIABLE
        return Grade.RELIABLE if worst >= sign * self.reliable else Grade.CARE


LIMITS: tuple[Limit, ...] = (
    Limit("trust_deletion", 1.05, 1.1, True,
          "1 is what a random order of the columns reaches. How far above it the best order comes "
          "depends on the model: where all columns matter alike it is little. Shown to be better "
          "is enough, shown to be less than a tenth better is not"),
    Limit("trust_claim", 0.5, 0.25, True,
          "1 is what columns that act one by one reach; columns that act together miss some of "
          "it, and an explanation of something else is at 0"),
    Limit("trust_insertion", 1.05, 1.0, True,
          "1 is what a random order reaches; shown to be better is enough, as for the move by the "
          "top columns"),
    Limit("trust_agreement", 0.8, 0.5, True,
          "both methods estimate the same numbers, so that only sampling may part them"),
    Limit("trust_agreement_top", 0.7, 0.4, True,
          "two of three top columns in common is what one exchange at the edge leaves"),
    Limit("trust_other_agreement", 0.7, None, True,
          "the methods answer different questions where columns are correlated or act together: a "
          "difference is lawful and only tells that the choice of the method matters"),
    Limit("trust_other_agreement_top", 0.6, None, True,
          "as for the ranks: a difference is lawful"),
    Limit("trust_noise", 0.8, 0.5, True,
          "nobody would act otherwise on a value that is 3% of its spread away"),
    Limit("trust_noise_change", 0.5, 1.0, False,
          "at 1 the change of an explanation is as large as the explanation"),
    Limit("trust_background", 0.8, 0.5, True,
          "two random halves of the same reference rows are the same comparison"),
    Limit("trust_background_change", 0.5, 1.0, False,
          "at 1 the change of an explanation is as large as the explanation"),
    Limit("trust_additivity", 0.01, 0.1, False,
          "a hundredth of the outputs' spread is not seen on any chart; a tenth is"),
    Limit("trust_sampling", 0.3, 1.0, False,
          "at 1 the stated errors are as large as the values"),
)  # fmt: skip
"""Every limit, with its reason; measures without one are shown and not judged."""

FAITHFUL = frozenset({"trust_deletion", "trust_claim", "trust_insertion"})
"""Measures that meet the model itself; without one of them nothing can be relied on."""

ASPECTS: Mapping[str, frozenset[str]] = {
    "faithful": FAITHFUL | {"trust_deletion_area", "trust_insertion_area"},
    "agreeing": frozenset(
        {
            "trust_agreement", "trust_agreement_top", "trust_other_agreement",
            "trust_other_agreement_top",
        }
    ),
    "stable": frozenset(
        {
            "trust_noise", "trust_noise_change", "trust_background", "trust_background_change",
        }
    ),
    "adding_up": frozenset({"trust_additivity", "trust_sampling"}),
}  # fmt: skip
"""The measures by what they tell: whether the score follows the explanation, other methods say
the same, small changes leave it alone, and its parts make the output."""

_LIMITS = {limit.metric: limit for limit in LIMITS}

TITLES: Mapping[str, str] = {
    "tree_shap": "SHAP for trees",
    "interventional_shap": "SHAP for trees against the reference rows",
    "linear_shap": "SHAP of a linear model",
    "permutation_shap": "Sampled SHAP",
    "integrated_gradients": "Integrated gradients",
    "gradient_shap": "Gradient SHAP",
    "deeplift": "DeepLIFT",
}
"""The methods' names for people; a test holds them to `audits.explain.methods`."""

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
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Finding:
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
    findings: tuple[Finding, ...]

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
    def decisive(self) -> tuple[Finding, ...]:
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


def name_pair(method: str, other: str = "") -> str:
    """Return the slice of a measurement of an attribution, or of it beside another."""
    return f"{_METHOD}{method}{_PAIR}{other}" if other else f"{_METHOD}{method}"


def split_pair(slice_name: str) -> tuple[str, str]:
    """Return the method and the other one ("" for none) that a slice names."""
    method, _, other = slice_name.removeprefix(_METHOD).partition(_PAIR)
    return method, other


def judge_explanations(measurements: Iterable[Measurement]) -> tuple[Trust, ...]:
    """Return the label of every attribution that was put to the test, in the report's order."""
    by_method: dict[str, list[Measurement]] = {}
    for item in measurements:
        if item.check == TRUST_CHECK and item.slice is not None:
            by_method.setdefault(split_pair(item.slice)[0], []).append(item)
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


def _condemn_claim(finding: Finding) -> Finding:
    if finding.measurement.metric != "trust_claim":
        return finding
    words = "The explanation moves every column alike, and so tells nothing apart"
    return Finding(finding.measurement, Grade.UNRELIABLE, words)


def _find(item: Measurement) -> Finding:
    word = describe(item.metric)
    estimate = item.estimate
    if estimate is None:
        assert item.unavailable is not None  # the type has exactly one of the two
        return Finding(item, None, f"{word.title}: {format_reason(item.unavailable)}")
    limit = _LIMITS.get(item.metric)
    rows = f"{format_count(estimate.n)} rows"
    unit = _choose_unit(item.unit)
    ends = format_range(estimate.low, estimate.high, unit)
    level = f"{estimate.confidence * 100:.3g}% {ends}; {rows}"
    sure = len(set(ends.split(" to "))) == 1
    other = split_pair(item.slice or "")[1]
    text = _SENTENCES.get(item.metric, word.title + ": {value} ({interval})").format(
        value=format_value(estimate.value, unit),
        interval=rows if sure else level,
        other=TITLES.get(other, other),
    )
    return Finding(item, None if limit is None else limit.grade(estimate), text)


def _choose_unit(unit: Unit) -> Unit:
    """Return how a number is written: ratios and correlations with two decimals, no more than
    their intervals bear."""
    return unit if unit in ("share", "points") else "columns"
