"""`assay.mitigated/1`: a predictor that decides by chance, as a JSON file that runs no code.

Beside it lie, or are named, the ordinary model files that it draws from; each is held to its
sha256. The file says with which probability a row gets the favourable outcome.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from audits.core.arrays import FloatArray
from audits.core.errors import InputError
from audits.core.report.estimate import Frozen
from audits.mitigate.methods import MethodName
from audits.models import open_model

SCHEMA = "assay.mitigated/1"
SERVICE = "audits.mitigate.service"
Decide = Callable[[pd.DataFrame, np.ndarray], FloatArray]
"""From rows and their groups to the probabilities of the favourable outcome."""


class Step(Frozen):
    """A threshold that is used with a probability; `threshold` is a number, "inf" or "-inf"."""

    probability: float = Field(ge=0, le=1)
    operator: Literal[">", "<"]
    threshold: float | Literal["inf", "-inf"]

    def decide(self, scores: FloatArray) -> FloatArray:
        """Return 1.0 where the step selects."""
        bound = float(self.threshold)
        return (scores > bound if self.operator == ">" else scores < bound).astype(np.float64)


class GroupRule(Frozen):
    """How one group is decided: by the steps, or with probability `ignored` by `constant`."""

    steps: tuple[Step, ...]
    ignored: float = Field(default=0.0, ge=0, le=1)
    constant: float = Field(default=0.0, ge=0, le=1)

    def decide(self, scores: FloatArray) -> FloatArray:
        """Return the probability of the favourable outcome."""
        drawn = sum((step.probability * step.decide(scores) for step in self.steps), 0.0 * scores)
        return self.ignored * self.constant + (1 - self.ignored) * drawn


class Part(Frozen):
    """A model that is drawn with a probability, or a constant decision instead of one.

    model: its file, relative to this one's folder. output: its column of the favourable outcome.
    """

    probability: float = Field(ge=0, le=1)
    model: str | None = None
    sha256: str | None = None
    output: int = 1
    constant: float | None = None


class Mixture(Frozen):
    """The whole file. groups: by group of `attribute`, the rule on the first part's score;
    empty where a drawn part decides alone. threshold: for groups without a rule. features: the
    data's columns where a model calls its inputs otherwise. reading: what the first part's numbers
    are, where its file does not say (`[model] output`)."""

    schema_: Literal["assay.mitigated/1"] = Field(alias="schema")
    method: MethodName
    goal: str
    attribute: str
    positive: str
    threshold: float
    parts: tuple[Part, ...] = Field(min_length=1)
    groups: Mapping[str, GroupRule] = Field(default_factory=dict)
    features: Mapping[str, str] = Field(default_factory=dict)
    reading: str = ""

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1) + "\n"


def compute_sha256(path: Path) -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_mixture(path: Path) -> Mixture:
    """Read a predictor. Raises InputError where it, or a model of it, is not as it was saved."""
    try:
        mixture = Mixture.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"no predictor {str(path)!r}: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} is no predictor of assay mitigate (schema {SCHEMA}); make it again"
        ) from error
    for part in mixture.parts:
        if part.model is None:
            continue
        file = path.parent / part.model
        if not file.is_file():
            raise InputError(f"{path.name} needs {part.model}, which is not beside it")
        if compute_sha256(file) != part.sha256:
            raise InputError(f"{part.model} has changed since {path.name} was made; make it again")
    return mixture


@contextmanager
def open_mixture(path: Path) -> Iterator[Decide]:
    """Open a predictor's models in one worker and yield what decides.

    It takes a frame and its rows' values of the attribute, `[n]` texts, read only where the method
    uses them, and returns each row's probability of the favourable outcome, `[n]`.
    """
    mixture = load_mixture(path)
    files = [part for part in mixture.parts if part.model is not None]
    constant = sum(part.probability * (part.constant or 0.0) for part in mixture.parts)
    if not files:
        yield lambda frame, groups: np.full(len(frame), constant)
        return
    paths = [str((path.parent / str(part.model)).absolute()) for part in files]
    params = {"paths": paths, "probabilities": [part.probability for part in files]}

    with open_model(
        paths[0], services=(SERVICE,), output=mixture.reading, features=mixture.features
    ) as client:

        def decide(frame: pd.DataFrame, groups: np.ndarray) -> FloatArray:
            if mixture.groups:
                return decide_by_group(mixture, client.predict(frame)[:, files[0].output], groups)
            table, _ = client.call("draw", frame, params)
            drawn: FloatArray = table["probability"].to_numpy() + constant
            return np.clip(drawn, 0.0, 1.0)

        yield decide


def decide_by_group(mixture: Mixture, scores: FloatArray, groups: np.ndarray) -> FloatArray:
    """Return the probabilities that the groups' rules give; groups without one are decided at
    the audited threshold."""
    decided = (scores >= mixture.threshold).astype(np.float64)
    for group, rule in mixture.groups.items():
        own = groups == group
        decided[own] = rule.decide(scores[own])
    return decided


def encode_threshold(threshold: float) -> float | Literal["inf", "-inf"]:
    """Return a threshold as JSON can hold it."""
    if math.isinf(threshold):
        return "inf" if threshold > 0 else "-inf"
    return float(threshold)
