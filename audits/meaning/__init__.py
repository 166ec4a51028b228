"""What a model's outputs and decisions mean in the data: declared or proven, never guessed."""

from audits.meaning.classes import (
    Meaning,
    Outcomes,
    check_two,
    find_meaning,
    match_classes,
    match_outcomes,
)
from audits.meaning.decisions import tell_ties
from audits.meaning.evidence import Ranking
from audits.meaning.settle import Settled, check_task, settle_model

__all__ = [
    "Meaning",
    "Outcomes",
    "Ranking",
    "Settled",
    "check_task",
    "check_two",
    "find_meaning",
    "match_classes",
    "match_outcomes",
    "settle_model",
    "tell_ties",
]
