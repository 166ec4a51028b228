"""Whether the value that an audit takes for the favourable one looks like a harm: a default, an
arrest, a rejection. Then every rule may be read the wrong way round, so that people are asked."""

from __future__ import annotations

import re

from audits.core.format import plain_text
from audits.core.report.report import AuditReport

_HARM_STEMS = (
    "arrest", "bankrupt", "cancel", "charged off", "chargedoff", "charge off", "churn", "convict",
    "crime", "criminal", "deceased", "declin", "default", "delinq", "denial", "denied", "deny",
    "deport", "detain", "died", "disease", "dismiss", "dropout", "drop out", "evict", "expel",
    "fail", "fatal", "foreclos", "fraud", "guilty", "incarcerat", "infect", "jail", "laid off",
    "layoff", "malignant", "mortal", "past due", "prison", "readmi", "recid", "reconvict",
    "reincarcerat", "refus", "reject", "relaps", "reoffen", "repossess", "sepsis", "suicid",
    "suspen", "terminat", "unpaid", "victim", "violat",
)  # fmt: skip
"""How words begin that nobody hopes for; two words stand for two neighbours."""
_HARM_WORDS = frozenset({"bad", "dead", "death", "deaths", "fired", "late", "overdue", "stroke"})
"""Words that mean a harm only when they stand by themselves."""
_GOOD_STEMS = (
    "accept", "admission", "admit", "approv", "eligib", "employed", "favorabl", "favourabl",
    "fully paid", "graduat", "grant", "hire", "hiring", "promot", "qualif", "recover", "repaid",
    "repay", "shortlist", "succe", "suitab", "surviv",
)  # fmt: skip
_GOOD_WORDS = frozenset({"alive", "good", "invited", "paid", "pass", "passed", "selected"})
_NOT = frozenset({"no", "non", "not", "never", "without", "avoided"})
_TURNING = ("un", "in", "dis", "non")
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "positive", "happened", "did"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0", "-1", "none", "never", "negative"})


def looks_like_harm(target: str, value: object) -> bool:
    """Whether a value of a column names something that nobody hopes for.

    "default = yes" does and "default = no" does not; nor does "status = no default". Where words
    say nothing ("outcome = 1", "class = 2") it is False: a question too many is no help.
    """
    return judge_value(target, value) < 0


def judge_value(target: str, value: object) -> int:
    """Return -1 where a value of a column names a harm, 1 where it names something good ("hired =
    1"), 0 where words say nothing."""
    text = str(value).strip().casefold()
    return _judge_words(text) or _judge_words(_space(target)) * _describe_sign(text)


def describe_harm(report: AuditReport) -> str:
    """Return the note that a report's favourable value looks like a harm, "" where it does not."""
    data = report.subject.data
    if report.subject.task != "binary" or data.positive is None or not data.target:
        return ""
    if not looks_like_harm(data.target, data.positive):
        return ""
    return (
        f"The favourable outcome of this audit is {_name(data.target, data.positive)}, which looks "
        "like a harm. If it is bad for people, every finding is the wrong way round: declare the "
        "other value as positive in [data], and audit again."
    )


def ask_harm(target: str, value: object) -> str:
    """Return the question to somebody who is about to declare a value as the favourable one, ""
    where it does not look like a harm."""
    if not looks_like_harm(target, value):
        return ""
    return (
        f"{_name(target, value)} looks like a harm. The favourable value is what people hope for: "
        "is it this one? Else choose the other."
    )


def _name(target: str, value: object) -> str:
    return f"{plain_text(target)} = {plain_text(str(value))}"


def _space(name: str) -> str:
    """Return the words of a column's name: "loanDefault_12m" has loan, default, m."""
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name).casefold()


def _describe_sign(text: str) -> int:
    """Return 1 where a value says that it happened, -1 where not, 0 where nobody can tell."""
    if text in _NO:
        return -1
    if text in _YES or text[:1] in ("<", ">"):  # "<30": within so many days
        return 1
    return 0


def _judge_words(text: str) -> int:
    """Return -1 for words of a harm, 1 for words of something good, 0 for neither; a "no" before
    them turns them round."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    for place, word in enumerate(words):
        pair = f"{word} {words[place + 1]}" if place + 1 < len(words) else word
        found = _judge_word(word, pair)
        if found:
            turned = _NOT.intersection(words[max(place - 2, 0) : place])
            freed = words[place + 1 : place + 2] == ["free"]
            return -found if turned or freed else found
    return 0


def _judge_word(word: str, pair: str) -> int:
    if word in _HARM_WORDS or word.startswith(_HARM_STEMS) or pair.startswith(_HARM_STEMS):
        return -1
    if word in _GOOD_WORDS or word.startswith(_GOOD_STEMS) or pair.startswith(_GOOD_STEMS):
        return 1
    for prefix in _TURNING:
        rest = word.removeprefix(prefix)
        if rest != word and len(rest) > 3 and (found := _judge_word(rest, rest)):
            return -found
    return 0
