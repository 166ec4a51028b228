"""What a model's outputs and decisions mean in the data: declared or proven, never guessed."""

from audits.meaning.classes import (
    Meaning,
    UndecidedError,
    find_meaning,
    match_classes,
)
from audits.meaning.decisions import tell_ties
from audits.meaning.evidence import Ranking
from audits.meaning.names import fit_names
from audits.meaning.resolve import Resolved, check_task, resolve_model
from audits.meaning.trial import try_meaning

__all__ = [
    "Meaning",
    "Ranking",
    "Resolved",
    "UndecidedError",
    "check_task",
    "find_meaning",
    "fit_names",
    "match_classes",
    "resolve_model",
    "tell_ties",
    "try_meaning",
]
