"""Counterfactuals of one row under rules that the reader sets: searched now, kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from audits.core.counterfactual import Counterfactual
from audits.core.errors import AssayError, InputError
from audits.core.format import plain_text
from audits.core.settings.recourse import RecourseSection
from audits.models import ModelClient
from audits.recourse import ReachScore, RecourseTask, RowLimits, run_search
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.counterfactuals.recourse import find_threshold
from dashboard.viewmodels.run import RunData

BUDGET_S = 5.0
MAX_CHANGES = 6


@dataclass(frozen=True, slots=True)
class OwnRules:
    """What stays, what only rises or falls, and how many columns an answer may change. A column
    that stays does so whatever else is said of it."""

    fixed: tuple[str, ...]
    rising: tuple[str, ...]
    falling: tuple[str, ...]
    most: int

    def find_conflict(self) -> str:
        """Return which columns may only rise and only fall, as a sentence; "" where none does."""
        both = [name for name in self.rising if name in self.falling and name not in self.fixed]
        return say("own.conflict", columns=", ".join(map(plain_text, both))) if both else ""


def list_ordered(sample: pd.DataFrame, features: Sequence[str], also: Sequence[str]) -> list[str]:
    """Return the features that can rise or fall: numbers and yes/no values of the `sample`, and
    what is in `also`."""
    return [name for name in features if name in also or is_numeric_dtype(sample[name])]


def read_rules(run: RunData, features: tuple[str, ...]) -> OwnRules:
    """Return the audit's rules, which the reader starts from."""
    section = run.spec.recourse.keep_features(list(features))
    return OwnRules(
        section.immutable, section.increase_only, section.decrease_only, section.max_changes
    )


def is_possible(run: RunData) -> bool:
    """Whether a row can be searched on the page: what is sought is a favourable decision."""
    return run.task == "binary" and run.spec.recourse.target is None


def amend_rules(section: RecourseSection, own: OwnRules) -> RecourseSection:
    """Return the audit's section with the reader's rules; all its other rules stay but those that
    say how a column moves that the reader holds still."""
    settings: dict[str, object] = section.model_dump(exclude_unset=True) | {
        "mutable": (),
        "immutable": own.fixed,
        "increase_only": tuple(name for name in own.rising if name not in own.fixed),
        "decrease_only": tuple(name for name in own.falling if name not in own.fixed),
        "max_changes": own.most,
    }
    for name in ("ranges", "steps", "allowed", "transitions"):
        moves: Mapping[str, object] = getattr(section, name)
        settings[name] = {column: how for column, how in moves.items() if column not in own.fixed}
    return RecourseSection.model_validate(settings)


def search_row(
    run: RunData,
    client: ModelClient,
    row: pd.Series,
    sample: pd.DataFrame,
    limits: Mapping[str, RowLimits],
    own: OwnRules,
) -> tuple[Counterfactual, ...] | Absent:
    """Return the smallest changes of a rejected row that the reader's rules allow.

    row: its name is its id. sample: rows that say what values columns may take. Absent with the
    reason where the rules contradict each other, the row is accepted, or nothing was found.
    """
    conflict = own.find_conflict()
    if conflict:
        return Absent(conflict)
    features = list(client.info.features)
    model = run.report.subject.model
    assert model is not None  # a client was opened from it
    positive = model.classes.index(str(run.report.subject.data.positive))
    reference = sample[features]
    one = pd.DataFrame([row.to_dict()], index=[row.name])[features]
    one = one.astype({name: reference[name].dtype for name in features}, errors="ignore")
    try:
        section = amend_rules(run.spec.recourse.keep_features(features), own)
        task = RecourseTask.from_spec(
            section, limits, one, reference, predict=client.predict,
            goal=ReachScore(find_threshold(run), positive),
            generator=np.random.default_rng(run.report.run.seed), budget_s=BUDGET_S,
        )  # fmt: skip
        if float(client.predict(one)[0, positive]) >= find_threshold(run):
            return Absent(say("own.accepted"))
        [found] = run_search(task).results
    except (AssayError, InputError, ValueError) as error:
        return Absent(str(error))
    return found.answers or Absent(say("own.none"))
