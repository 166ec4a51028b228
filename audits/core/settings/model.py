"""`[model]`: the model's file, and what its inputs, outputs and decisions mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from audits.core.report.estimate import Frozen

Output = Literal["probability", "logit", "score", "value"]
_TASKS: Mapping[Output, tuple[str, ...]] = {
    "probability": ("binary", "multiclass"),
    "logit": ("binary", "multiclass"),
    "score": ("binary",),
    "value": ("regression",),
}
HALF = 0.5
"""The score from which a row is selected where neither the settings nor the model say another."""


class ModelSection(Frozen):
    """`[model]`: the model's file and what the file does not say of it."""

    path: str
    """The model's file."""
    threshold: Annotated[float, Field(allow_inf_nan=False)] | Literal["model"] | None = None
    """The score from which a row is selected, or "model": as the model's own `predict` decides.
    That is also meant where nothing is given and the model has a rule of its own; else it is one
    half. From 0 to 1, unless `output` is "score"."""
    classes: tuple[str, ...] = ()
    """The model's outputs in their order, as the data spells them; without it the file's own names
    where those are the data's values, or proven from rows with known outcomes (see
    `audits.meaning`)."""
    output: Output | None = None
    """What the model's numbers are where its file does not say: "probability", "logit" (put through
    the logistic function, several through softmax), "score" (only the order counts) or "value" (a
    regression)."""
    task: Literal["binary", "multiclass", "regression"] | None = None
    """Overrules what the file says of the task."""
    features: tuple[str, ...] | Mapping[str, str] = ()
    """The data's columns for the model's inputs: all in the model's order, or as `{ input =
    "column" }` for those that are called otherwise."""

    @property
    def cut(self) -> float:
        """The score from which a row is selected, once the audit has resolved it."""
        assert self.threshold != "model", "audits.meaning resolves it"
        return HALF if self.threshold is None else self.threshold

    @property
    def reading(self) -> str:
        """What the model's numbers are to be read as, "" as the file says."""
        return self.output or ("value" if self.task == "regression" else "")

    @field_validator("threshold", mode="before")
    @classmethod
    def _is_threshold(cls, value: object) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and value != "model" and not is_number:
            raise ValueError('give a number, or "model" for the model\'s own rule')
        return value

    @field_validator("features", mode="before")
    @classmethod
    def _are_names(cls, value: object) -> object:
        names = [*value, *value.values()] if isinstance(value, Mapping) else value
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            raise ValueError(
                'give the data\'s columns in the order of the model\'s inputs, ["a", "b"], or '
                '{ "input" = "column" }'
            )
        return value

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes names one class twice; name each output once, in order")
        named = self.features
        columns = list(named.values()) if isinstance(named, Mapping) else named
        if len(set(columns)) != len(columns):
            raise ValueError("features names one column twice; each input has a column of its own")
        if self.output and self.task and self.task not in _TASKS[self.output]:
            raise ValueError(f'output = "{self.output}" does not fit task = "{self.task}"')
        is_share = not isinstance(self.threshold, float) or 0 <= self.threshold <= 1
        if not is_share and self.output != "score":
            raise ValueError('threshold must be from 0 to 1, or "model": the model\'s own rule')
        return self
