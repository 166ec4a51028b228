"""What `[recourse]` leaves open, settled before anything is searched: who cannot be asked to become
somebody else, and which columns are one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from audits.core.errors import one_of
from audits.core.report.report import Notice
from audits.core.settings.recourse import RecourseSection
from audits.recourse.rules.blocks import find_blocks, name_block

_PERSON = (
    "applicant|borrower|candidate|client|customer|employee|member|patient|person|respondent|"
    "student|subject|user"
)
_AGE = re.compile(rf"(?:(?:{_PERSON})s? )?age(?: (?:in )?(?:years?|yrs?|y|group|band|bracket))?")
_DECLARING = ("mutable", "immutable", "increase_only", "decrease_only", "ranges", "steps",
              "allowed", "transitions", "costs", "links")  # fmt: skip
"""Settings that say of a column that it may change, or how; rules between columns do not."""
DIRECTIONS = ("mutable", "immutable", "increase_only", "decrease_only")
"""Settings that say which way a column may go, if any."""
SHOWN = 6
"""So many sets, and columns of a set, are named."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`[recourse]` with nothing left open, and what a reader must know of how."""

    section: RecourseSection
    notices: tuple[Notice, ...]


def is_age(name: str) -> bool:
    """Whether a column is plainly called a person's age ("age", "applicantAge", "age_in_years")."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return bool(_AGE.fullmatch(" ".join(re.findall(r"[a-z0-9]+", spaced.lower()))))


def resolve_recourse(
    section: RecourseSection, protected: Collection[str], reference: pd.DataFrame
) -> Resolved:
    """Return the settings as they are in force.

    Of the columns that the model looks at a protected one is immutable, with the block that encodes
    it, and a person's age only rises, where no setting says otherwise. A set of columns of which
    exactly one is set in every row moves as one.
    reference: rows of the model's columns.
    """
    blocks = section.list_blocks()
    if section.one_hot == "auto":
        blocks = find_blocks(reference, apart=section.list_named()["links"])
    names = [str(name) for name in reference.columns]
    ordered = {name for name in names if _has_order(reference[name])}
    fixed, rising = find_defaults(section, protected, names, ordered, blocks)
    resolved = section.model_copy(
        update={
            "one_hot": blocks,
            "immutable": (*section.immutable, *fixed),
            "increase_only": (*section.increase_only, *rising),
        }
    )
    found = blocks if section.one_hot == "auto" else ()
    return Resolved(resolved, tuple(_tell(fixed, rising, found)))


def find_defaults(
    section: RecourseSection,
    protected: Collection[str],
    names: Sequence[str],
    ordered: Collection[str],
    blocks: Sequence[tuple[str, ...]],
) -> tuple[list[str], list[str]]:
    """Return which of the model's columns stay, and which only rise, though no setting says so.

    names: the model's columns; ordered: those of them that hold numbers.
    """
    named = section.list_named()
    declared = {name for setting in _DECLARING for name in named[setting]}
    directed = {name for setting in DIRECTIONS for name in named[setting]}
    ages = [name for name in names if is_age(name) and name not in directed]
    rising = [name for name in ages if name in ordered]
    still = {name for name in names if name in protected} | set(ages)
    people = {name.casefold() for name in protected}
    for block in blocks:
        called = name_block(block)
        if called.casefold() in people or is_age(called):
            still |= set(block)
    fixed = [name for name in names if name in still - declared and name not in rising]
    return fixed, rising


def _has_order(values: pd.Series) -> bool:
    return is_numeric_dtype(values) and not is_bool_dtype(values)


def _tell(
    fixed: Sequence[str], rising: Sequence[str], blocks: Sequence[tuple[str, ...]]
) -> Iterator[Notice]:
    told = [
        f"{one_of(names)} {one if len(names) == 1 else several}"
        for names, one, several in (
            (fixed, "stays as it is", "stay as they are"),
            (rising, "only rises", "only rise"),
        )
        if names
    ]
    if told:
        text = (
            f"For recourse {' and '.join(told)}, since nothing else is declared; where it is "
            "otherwise, name the column in [recourse] mutable."
        )
        yield Notice(code="recourse.defaults", text=text)
    if blocks:
        sets = "; ".join(
            f"{name_block(names)} ({one_of(names, SHOWN)})" for names in blocks[:SHOWN]
        )
        more = f"; and {len(blocks) - SHOWN} more" if len(blocks) > SHOWN else ""
        text = (
            "Columns of which exactly one is set in every reference row move as one in recourse: "
            f"{sets}{more}. If they are not one choice, declare the sets in [recourse] one_hot; "
            "an empty list is none."
        )
        yield Notice(code="recourse.one_hot", text=text)
