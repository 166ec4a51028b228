"""Which decisions are audited: from a declared score on, or as the model itself decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.core.report.report import Notice
from audits.core.settings.model import HALF, ModelSection
from audits.core.settings.spec import AuditSpec
from audits.data import AuditTable
from audits.models import ModelClient, rank

BATCH = 65_536
_DIGITS = range(1, 18)


@dataclass(frozen=True, slots=True)
class Decided:
    """cut: the score from which a row is selected. notices: what a reader must know of it."""

    cut: float
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Trial:
    """The model's own decisions beside its scores: the highest score that it rejects and the
    lowest that it selects, with and without rows of exactly one half; ties: how many those are
    that a cut at one half decides otherwise."""

    rows: int = 0
    rejected: float = -np.inf
    selected: float = np.inf
    plain_rejected: float = -np.inf
    plain_selected: float = np.inf
    ties: int = 0
    differing: int = 0

    def add(self, scores: FloatArray, decided: np.ndarray, cut: float) -> None:
        """Take in a batch. decided: `[n]` of booleans; cut: what the decisions are set against."""
        self.rows += len(scores)
        self.differing += int(((scores >= cut) != decided).sum())
        tied = scores == HALF
        self.ties += int((tied & ~decided).sum())
        self.rejected = max(self.rejected, scores[~decided].max(initial=-np.inf))
        self.selected = min(self.selected, scores[decided].min(initial=np.inf))
        self.plain_rejected = max(
            self.plain_rejected, scores[~decided & ~tied].max(initial=-np.inf)
        )
        self.plain_selected = min(self.plain_selected, scores[decided & ~tied].min(initial=np.inf))

    @property
    def is_half(self) -> bool:
        """Whether the model decides at one half, ties left aside."""
        return self.plain_rejected < HALF <= self.plain_selected

    def find_cut(self, stated: float | None) -> float | None:
        """Return the threshold on the score that decides as the model does; None where none does.

        The one that the model states comes first, then one half, then the shortest number.
        """
        if not self.rejected < self.selected:
            return None
        named = [] if stated is None else [stated, 1 - stated]
        for cut in (*named, HALF, *(float(np.nextafter(one, 2)) for one in (*named, HALF))):
            if self.rejected < cut <= self.selected:
                return cut
        low, high = max(self.rejected, 0.0), min(self.selected, 1.0)
        for digits in _DIGITS:
            cut = round(float((low + high) / 2), digits)
            if self.rejected < cut <= self.selected:
                return cut
        return float(self.selected)


def resolve_cut(
    spec: AuditSpec,
    table: AuditTable,
    model: ModelClient,
    output: int | None,
    on_rows: Callable[[float], None] = lambda _: None,
) -> Decided:
    """Return from which score on a row is selected.

    A declared number is obeyed; where the model's own decisions differ on any row, that is
    noted. "model", and nothing declared, is the model's own rule as a threshold on its score.
    Raises InputError where the model has no rule, or one that is no threshold on its score.
    """
    section, rule = spec.model, model.info.rule
    assert section is not None
    if spec.audit.task != "binary":
        is_own = spec.audit.task == "multiclass" and rule == "own"
        return Decided(section.cut if section.threshold != "model" else HALF,
                       _describe_classes(table, model, on_rows) if is_own else ())  # fmt: skip
    assert output is not None
    if section.output == "score":
        return Decided(_read_score(section))
    if section.threshold == "model" and rule == "none":
        raise InputError(
            '[model] threshold = "model", but the file holds no rule: it answers probabilities '
            "only; give the score from which people are selected, such as threshold = 0.5"
        )
    declared = None if section.threshold in (None, "model") else section.cut
    if rule == "none" or (rule == "larger" and declared in (None, HALF)
                          and section.threshold != "model"):  # fmt: skip
        return Decided(section.cut)
    trial = _try_rule(table, model, output, HALF if declared is None else declared, on_rows)
    if declared is not None:
        return Decided(declared, _describe_declared(declared, trial))
    return _resolve_own(section, model, trial)


def _read_score(section: ModelSection) -> float:
    """Return the declared threshold where the adapter puts the scores: see `readout.rank`."""
    if not isinstance(section.threshold, float):
        raise InputError(
            '[model] output = "score" has no threshold of its own; declare threshold, the score '
            "from which people are selected, on the scores' own scale"
        )
    return float(rank(np.array([section.threshold]))[0])


def _try_rule(
    table: AuditTable,
    model: ModelClient,
    output: int,
    cut: float,
    on_rows: Callable[[float], None],
) -> _Trial:
    trial = _Trial()
    for scores, decided in _decide_all(table, model, on_rows):
        trial.add(scores[:, output], decided == output, cut)
    return trial


def _decide_all(
    table: AuditTable, model: ModelClient, on_rows: Callable[[float], None]
) -> Iterator[tuple[FloatArray, np.ndarray]]:
    """Yield all rows' scores and the model's own decisions, a batch at a time."""
    done = 0
    for batch in table.batches(BATCH):
        yield model.predict(batch.frame), model.decide(batch.frame)
        done += len(batch.frame)
        on_rows(done / table.rows)


def _resolve_own(section: ModelSection, model: ModelClient, trial: _Trial) -> Decided:
    if trial.is_half and section.threshold is None and model.info.stated is None:
        return Decided(HALF, describe_ties(trial.ties))
    cut = trial.find_cut(model.info.stated)
    if cut is None:
        raise InputError(
            "the model's own decisions are no threshold on its score: it rejects a row with "
            f"{trial.rejected:.4g} and selects one with {trial.selected:.4g}; declare [model] "
            "threshold, the score from which people are selected (the report then says how often "
            "the model itself decides otherwise), or audit its decisions with [predictions] label"
        )
    if cut == HALF:
        return Decided(HALF)
    below = float(np.nextafter(cut, 0))
    where = f"above a score of {below:g}" if below == round(below, 6) else f"from {cut:.6g} on"
    text = (
        f"The model decides by a rule of its own: rows are selected {where}, as its own predict "
        f"does on all {trial.rows:,} rows."
    )
    return Decided(cut, (Notice(code="model.threshold", text=text),))


def _describe_declared(cut: float, trial: _Trial) -> tuple[Notice, ...]:
    if not trial.differing:
        return ()
    text = (
        f"Rows are selected from a score of {cut:.6g} on, as declared; the model's own predict "
        f"decides {trial.differing:,} of {trial.rows:,} rows otherwise ([model] threshold = "
        '"model" audits its own decisions).'
    )
    return (Notice(code="model.threshold", text=text),)


def describe_ties(ties: int) -> tuple[Notice, ...]:
    """Return what to know of rows at exactly one half, which the model itself rejects."""
    if not ties:
        return ()
    text = (
        f"{'1 row has' if ties == 1 else f'{ties:,} rows have'} a score of exactly 0.5, from which "
        "on rows are selected; the model's own predict takes the other class there ([model] "
        'threshold = "model" follows it).'
    )
    return (Notice(code="model.threshold", text=text),)


def _describe_classes(
    table: AuditTable, model: ModelClient, on_rows: Callable[[float], None]
) -> tuple[Notice, ...]:
    differing = sum(
        int((scores.argmax(axis=1) != decided).sum())
        for scores, decided in _decide_all(table, model, on_rows)
    )
    if not differing:
        return ()
    text = (
        f"The model's own predict is audited; in {differing:,} of {table.rows:,} rows it is not "
        "the class with the highest probability, which explanations and counterfactuals are about."
    )
    return (Notice(code="model.threshold", text=text),)
