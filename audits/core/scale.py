"""A score's own scale, and its place on the one from 0 (least favourable) to 1 that is audited."""

from __future__ import annotations

from audits.core.report.estimate import Frozen


class Scale(Frozen):
    """Scores from `low` to `high` on a straight line to 0 and 1; where they fall (`falling`), the
    lowest is the most favourable and becomes 1. Beyond 0 and 1 scores are no probabilities: only
    their order counts (`only_ranks`).
    """

    low: float
    high: float
    falling: bool = False

    @property
    def only_ranks(self) -> bool:
        """Whether the scores are no probabilities."""
        return (self.low, self.high) != (0.0, 1.0)

    def to_unit(self, score: float) -> float:
        """Return where a score stands from 0 to 1."""
        if self.falling:
            return (self.high - score) / (self.high - self.low)
        return (score - self.low) / (self.high - self.low)

    def from_unit(self, place: float) -> float:
        """Return the score that stands at `place`."""
        if self.falling:
            return self.high - place * (self.high - self.low)
        return self.low + place * (self.high - self.low)

    def render(self, sql: str) -> str:
        """Return SQL for `to_unit` of a score."""
        low, high = f"CAST({self.low!r} AS DOUBLE)", f"CAST({self.high!r} AS DOUBLE)"
        if self.falling:
            return f"(({high} - {sql}) / ({high} - {low}))"
        return f"(({sql} - {low}) / ({high} - {low}))"


MARGINS = Scale(low=-1.0, high=1.0)
"""Of a model's margins m, which stand at m / (1 + |m|): only their order counts, and it decides
at 0."""
