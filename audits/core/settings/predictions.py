"""`[predictions]`: what was decided or predicted, from columns of the data, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from audits.core.report.estimate import Frozen
from audits.core.settings.recourse import Scalar
from audits.core.settings.values import Scalars, check_values_apart

_KEYS = {
    "binary": (
        "label", "score", "threshold", "top", "positive", "negative", "drop", "direction",
    ),
    "multiclass": ("label", "scores", "drop"),
    "regression": ("value",),
}  # fmt: skip
_NEEDED = {
    "binary": "label (a column of decisions), score (a column of scores) or both",
    "multiclass": "label (a column of predicted classes), scores (a column for each class) or both",
    "regression": "value (a column of predicted numbers)",
}


class PredictionsSection(Frozen):
    """`[predictions]`: columns that hold decisions and/or scores, instead of a model."""

    label: str | None = None
    """The column of decisions (multiclass: predicted classes)."""
    score: str | None = None
    """The column of scores. Scores beyond 0 and 1 only rank."""
    threshold: float | None = None
    """The score, on its own scale, from which a row is selected where there is no `label`; one half
    by default."""
    top: float | None = Field(default=None, gt=0, lt=1)
    """For scores that only rank: the share of rows that is selected, those with the most favourable
    scores."""
    positive: Scalar | None = None
    """The favourable decision; without it that has to be plain from the target (see
    `audits/data/values/decisions.py`)."""
    negative: Scalars = ()
    """The other decisions."""
    drop: Scalars = ()
    """Decisions whose rows are left out."""
    direction: Literal["higher", "lower"] | None = None
    """Which end of the score is favourable."""
    scores: Mapping[str, str] = Field(default_factory=dict)
    """The probabilities of a multiclass prediction: class = column."""
    value: str | None = None
    """The column of predicted numbers (regression)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.label or self.score or self.scores or self.value):
            raise ValueError(f"needs {_NEEDED['binary']}")
        if self.label and (self.threshold is not None or self.top is not None):
            raise ValueError("label gives the decisions; leave threshold and top out")
        if self.threshold is not None and self.top is not None:
            raise ValueError("give threshold or top, not both")
        if not self.label and (self.positive is not None or self.negative or self.drop):
            raise ValueError("positive, negative and drop are values of label; name that column")
        if self.direction and not self.score:
            raise ValueError("direction is of score; name that column")
        if self.negative and self.positive is None:
            raise ValueError("negative needs positive, the favourable decision")
        favourable = () if self.positive is None else (self.positive,)
        check_values_apart({"positive": favourable, "negative": self.negative, "drop": self.drop})
        return self

    @property
    def decided(self) -> tuple[str, ...]:
        """The columns of decisions, predicted classes or predicted numbers."""
        return tuple(name for name in (self.label, self.value) if name)

    @property
    def scored(self) -> tuple[str, ...]:
        """The columns of scores."""
        return (*((self.score,) if self.score else ()), *self.scores.values())

    def check_task(self, task: str) -> None:
        """Raise ValueError for settings that another task has, or where its own are absent."""
        given = [name for name in type(self).model_fields if getattr(self, name)]
        if foreign := [name for name in given if name not in _KEYS[task]]:
            raise ValueError(
                f"[predictions] {foreign[0]} is not for task = {task!r}, which needs "
                f"{_NEEDED[task]}"
            )
        if not any(name in given for name in ("label", "score", "scores", "value")):
            raise ValueError(f"[predictions] needs {_NEEDED[task]}")
