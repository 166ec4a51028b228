"""What a row should get: a score, a class, or a value within a range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audits.core.arrays import FloatArray
from audits.core.errors import InputError

BARELY = float(np.nextafter(0.0, 1.0))
"""More than nothing: a class that ties with another is not certain to be the answer."""


EDGE = 1e-12
"""Scores nearer to 0 and 1 than this have the log-odds of this."""


class Goal(Protocol):
    """Turns the model's answers into gains: a row has what it wants from `needed` on."""

    @property
    def needed(self) -> float:
        """The gain from which the goal is reached."""
        ...

    def compute_gain(self, answer: FloatArray) -> FloatArray:
        """Return the gains `[n]` of the model's outputs, `[n]` or `[n, n_outputs]`."""
        ...

    def pick_score(self, answer: FloatArray) -> FloatArray:
        """Return what is shown of the outputs, `[n]`: a score, a probability or a value."""
        ...

    def explain(self, best: float) -> str:
        """Say in a clause how far the best gain stays from what is needed."""
        ...


@dataclass(frozen=True, slots=True)
class ReachScore:
    """A score of at least `threshold` for one of the outputs."""

    threshold: float
    output: int = 1

    @property
    def needed(self) -> float:
        """The threshold itself."""
        return self.threshold

    def compute_gain(self, answer: FloatArray) -> FloatArray:
        """Return the score. Raises InputError where the model has no such output."""
        return _pick(answer, self.output)

    def pick_score(self, answer: FloatArray) -> FloatArray:
        """Return the score."""
        return _pick(answer, self.output)

    def explain(self, best: float) -> str:
        """Say which score was reached and which is needed."""
        return f"the best reaches a score of {best:.4g}, {self.threshold:.4g} is needed"


@dataclass(frozen=True, slots=True)
class BecomeClass:
    """The class of one output has to be the most probable one, without a tie."""

    output: int
    name: str
    needed: float = BARELY

    def compute_gain(self, answer: FloatArray) -> FloatArray:
        """Return how much more probable the class is than the most probable other one."""
        wanted = _pick(answer, self.output)
        rest = np.delete(answer, self.output, axis=1)
        gain: FloatArray = wanted - rest.max(axis=1)
        return gain

    def pick_score(self, answer: FloatArray) -> FloatArray:
        """Return the class's probability."""
        return _pick(answer, self.output)

    def explain(self, best: float) -> str:
        """Say how far the class stays behind."""
        return f"at best {self.name!r} stays {-best:.4g} behind the probability of another class"


@dataclass(frozen=True, slots=True)
class FallWithin:
    """A predicted value from `low` to `high`, ends included; one of them may be infinite."""

    low: float
    high: float
    needed: float = 0.0

    def compute_gain(self, answer: FloatArray) -> FloatArray:
        """Return the distance to the nearer end, negative outside."""
        return np.minimum(answer - self.low, self.high - answer)

    def pick_score(self, answer: FloatArray) -> FloatArray:
        """Return the predicted value."""
        return answer

    def explain(self, best: float) -> str:
        """Say how far outside the best stays."""
        return f"at best the prediction stays {-best:.4g} outside {render_range(self)}"


def render_range(goal: FallWithin) -> str:
    """Return the range in words: "10 to 20", "10 or more", "20 or less"."""
    if math.isinf(goal.high):
        return f"{goal.low:g} or more"
    return f"{goal.high:g} or less" if math.isinf(goal.low) else f"{goal.low:g} to {goal.high:g}"


def straighten(goal: Goal, gains: FloatArray) -> FloatArray:
    """Return the margins of gains: log-odds of a score in [0, 1], else the gain itself."""
    if not isinstance(goal, ReachScore):
        return gains
    inside = np.clip(gains, EDGE, 1 - EDGE)
    odds: FloatArray = np.log(inside) - np.log1p(-inside)
    return odds


def _pick(answer: NDArray[np.float64], output: int) -> FloatArray:
    if answer.ndim == 1:
        return answer
    if not 0 <= output < answer.shape[1]:
        raise InputError(
            f"output {output} was asked for, but the model has {answer.shape[1]} outputs, "
            "numbered from 0"
        )
    picked: FloatArray = answer[:, output]
    return picked
