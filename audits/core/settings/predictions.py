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
    """`[predictions]`: columns that hold decisions and/or scores, instead of a model.

    `label` holds decisions (multiclass: predicted classes), `value` predicted numbers. `positive`
    is the favourable decision, `negative` the others, `drop` decisions whose rows are left out;
    without `positive` it has to be plain from the target (see `data/values/decisions.py`). Scores
    alone are decided here: from `threshold` on (one half by default), or, for scores that only
    rank, so that the share `top` with the most favourable ones is selected. Scores beyond 0 and 1
    only rank; `threshold` is on their own scale. `direction` says which end of the score is
    favourable. `scores` has the probabilities of a multiclass prediction, as class = column.
    """

    label: str | None = None
    score: str | None = None
    threshold: float | None = None
    top: float | None = Field(default=None, gt=0, lt=1)
    positive: Scalar | None = None
    negative: Scalars = ()
    drop: Scalars = ()
    direction: Literal["higher", "lower"] | None = None
    scores: Mapping[str, str] = Field(default_factory=dict)
    value: str | None = None

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
