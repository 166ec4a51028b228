"""What limits the intervals that miss, in one sentence each."""

from __future__ import annotations

from tests.simulated.case import Case

_SKEWED = (
    "The mean of a skewed number: Student's t takes the few rows that carry most of it for "
    "ordinary ones."
)
_LOW = {
    "root_mean_squared_error": "Fourth powers of the errors decide, of which so few rows tell "
    "little.",
    "r2": "Fourth powers of the errors decide, of which so few rows tell little.",
    "log_loss": _SKEWED,
    "brier_score": _SKEWED,
    "average_precision": "The binomial variance of Boyd, Eng and Page takes precisions at "
    "different ranks for one share.",
}
_HIGH = {
    "expected_calibration_error_difference": "Both groups are calibrated, so that both errors are "
    "at the end of their range, where either's upper limit alone holds no difference.",
    "average_precision": "The binomial variance of Boyd, Eng and Page is too large where most "
    "rows are positive or the ranking is good.",
    "generalized_entropy_index": "The half row added to each cell, which keeps the interval from "
    "closing where no mistake was seen, weighs much against so few.",
    "theil_index": "The half row added to each cell, which keeps the interval from closing where "
    "no mistake was seen, weighs much against so few.",
    "score_kolmogorov_smirnov": "The lower limit holds at all thresholds at once and agrees with "
    "the test; for distances above 0 it is further away than it need be.",
    "score_wasserstein": "The upper limit supposes that the one group's scores are higher "
    "throughout, which varies the most.",
}
_PAIRS = (
    "The end far from equality is that of the furthest of all pairs, each at 95%: with many pairs "
    "of like groups one of them nearly always reaches far enough."
)


def find_reason(case: Case, verdict: str) -> str:
    """Return why a case misses, as far as it is known."""
    if verdict == "high" and case.kind in (
        "all groups", "gap after thresholds", "group and better-off one", "group and most selected",
    ):  # fmt: skip
        return _PAIRS
    known = _LOW if verdict == "low" else _HIGH
    return known.get(case.metric, "What limits it has not been looked into.")
