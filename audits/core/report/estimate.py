"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EXACT = "exact"
"""Method of a number that is a fact about the data read (a count), not an estimate from it."""


class Frozen(BaseModel):
    """Base of every stored type: immutable, strict about names, and never NaN or infinite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Estimate(Frozen):
    """A value with its confidence interval.

    `low <= value <= high` is not promised (a bootstrap interval of a biased summary may miss
    the point estimate), `low <= high` is. `n` is the number of rows that the value rests on,
    `method` names how the interval was made, `confidence` is its nominal coverage in (0, 1].
    For a fact about the data read (a count) the method is "exact" and low = value = high.
    """

    value: float
    low: float
    high: float
    n: int = Field(ge=0)
    method: str
    confidence: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"interval is upside down: low {self.low} > high {self.high}")
        return self

    @classmethod
    def exact(cls, value: float, n: int) -> Estimate:
        """Return a fact: no sampling uncertainty."""
        return cls(value=value, low=value, high=value, n=n, method=EXACT, confidence=1.0)


class Unavailable(Frozen):
    """There is no number, and this is why (in words for people)."""

    reason: str = Field(min_length=1)


Result = Estimate | Unavailable


def make_size(result: Estimate | Unavailable) -> Estimate | Unavailable:
    """Return a difference as a size, where words beside it say which way it goes."""
    if isinstance(result, Unavailable) or result.value >= 0:
        return result
    flipped = {"value": -result.value, "low": -result.high, "high": -result.low}
    return result.model_copy(update=flipped)
