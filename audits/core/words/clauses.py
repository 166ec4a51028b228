"""The clauses of law and guidance that the audit's rules rest on: in our own words, with sources.

Nothing here is a quotation. `basis` says how far the text was checked: "read" in a copy of the
source, "known" is general knowledge that must be checked against the official text before
anybody relies on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: where it stands, what it asks for, and as of when that was so."""

    rule: str
    title: str
    citation: str
    meaning: str
    basis: Literal["read", "known"]
    as_of: str
    url: str = ""

    @property
    def source(self) -> str:
        """The citation with how far it was checked."""
        how = "read in a copy of the source" if self.basis == "read" else "general knowledge"
        return f"{self.citation} ({how}, as of {self.as_of})"


_GUIDELINES = "https://www.ecfr.gov/current/title-29/subtitle-B/chapter-XIV/part-1607"
_QUESTIONS = (
    "https://www.eeoc.gov/laws/guidance/questions-and-answers-clarify-and-provide-"
    "common-interpretation-uniform-guidelines"
)
_NEW_YORK = "https://codelibrary.amlegal.com/codes/newyorkcity/latest/NYCrules/0-0-0-138530"
_AS_OF = "November 2026"

FOUR_FIFTHS = Clause(
    "four-fifths",
    "Four-fifths rule",
    "29 CFR 1607.4(D)",
    "A selection rate under four fifths of the highest group's is generally taken as evidence of "
    "adverse impact. A smaller difference may count where it is significant, statistically and "
    "in practice; a greater one may not where numbers are small and it is not significant. It "
    "is evidence to be looked into, not proof.",
    "known",
    _AS_OF,
    _GUIDELINES,
)
SMALL_NUMBERS = Clause(
    "small-numbers",
    "Small numbers",
    "Questions and Answers on the Uniform Guidelines, 21 (44 FR 11996)",
    "No adverse impact is inferred where one different selection would turn the result round.",
    "read",
    _AS_OF,
    _QUESTIONS,
)
SELECTION_TABLES = Clause(
    "local-law-144-selection",
    "Local Law 144, tools that select or classify",
    "6 RCNY 5-301(b)",
    "Selection rates and impact ratios by sex, by race or ethnicity and by both, and the number "
    "of people of unknown category. The law sets no pass mark.",
    "read",
    _AS_OF,
    _NEW_YORK,
)
SCORING_TABLES = Clause(
    "local-law-144-scoring",
    "Local Law 144, tools that score",
    "6 RCNY 5-301(c)",
    "The same from scores: the rate of scores above the median of the full sample. The law sets "
    "no pass mark.",
    "read",
    _AS_OF,
    _NEW_YORK,
)
SMALL_CATEGORIES = Clause(
    "local-law-144-small",
    "Local Law 144, small categories",
    "6 RCNY 5-301(d)",
    "A category of less than 2% of the data may be left out of the impact ratios; its number of "
    "applicants, its rate and the justification are published all the same.",
    "read",
    _AS_OF,
    _NEW_YORK,
)
_REGULATION_B = "https://www.consumerfinance.gov/rules-policy/regulations/1002/interp-9/"
ADVERSE_ACTION = Clause(
    "adverse-action",
    "Reasons for adverse action (US Regulation B)",
    "12 CFR 1002.9(a)(2), (b)(2); comment 9(b)(2)-1 to -5",
    "Whoever is turned down for credit can have the specific principal reasons. They are of "
    "factors that were scored, none of which may be left out for being awkward; an internal "
    "standard or a score that was missed is no reason. More than four are not likely to help. "
    "One way to find them: the factors that fall furthest below those of applicants at or "
    "slightly above the passing score, or of all applicants.",
    "read",
    _AS_OF,
    _REGULATION_B,
)
CLAUSES = (
    FOUR_FIFTHS,
    SMALL_NUMBERS,
    SELECTION_TABLES,
    SCORING_TABLES,
    SMALL_CATEGORIES,
    ADVERSE_ACTION,
)
"""Every clause, in the order in which people read them."""
