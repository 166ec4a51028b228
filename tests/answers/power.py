"""How often a planted gap is found, beside the best pairwise test: pooled two-proportion z tests of
all pairs of judgeable groups, adjusted by Holm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy import stats

from audits.checks.fairness.group_gaps import GROUP_GAPS
from audits.checks.performance.performance import PERFORMANCE_GROUPS
from audits.core.report.verdict import Status
from audits.policy.judging.judge import compute_verdicts
from audits.policy.rule import Policy
from tests.answers.counts import measure

POLICY = Policy.model_validate(
    {
        "name": "power",
        "title": "Any gap",
        "rules": [{"name": "any", "title": "any", "metric": "demographic_parity_difference",
                   "fail_above": 0.0001}],
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """groups of `rows` people each, of whom `base` are selected, but `gap` fewer in one; and how
    many tiny groups stand beside them."""

    groups: int
    rows: int
    base: float
    gap: float
    tiny: int = 0


@dataclass(frozen=True, slots=True)
class Power:
    """Of how many samples the gap was found by the audit, by the pairwise tests."""

    setting: Setting
    samples: int
    found: int
    pairwise: int


SETTINGS = tuple(
    Setting(groups, rows, base, gap, tiny)
    for (groups, tiny), (rows, gap), base in product(
        ((2, 0), (2, 3), (4, 0), (8, 2), (12, 0)),
        ((150, 0.18), (400, 0.1), (1500, 0.05)),
        (0.3, 0.6),
    )
)


def measure_power(setting: Setting, samples: int, seed: int = 0) -> Power:
    """Draw samples and count."""
    draw = np.random.default_rng([16, seed, setting.groups, setting.rows])
    rates = np.full(setting.groups, setting.base)
    rates[0] -= setting.gap
    found = pairwise = 0
    for _ in range(samples):
        hits = draw.binomial(setting.rows, rates)
        found += _find(setting, hits, draw)
        pairwise += describe_pairs(hits, np.full(setting.groups, setting.rows))
    return Power(setting, samples, found, pairwise)


def _find(setting: Setting, hits: np.ndarray, draw: np.random.Generator) -> bool:
    """Whether the audit fails the group with the gap."""
    parts = [_people(f"g{place}", setting.rows, int(n)) for place, n in enumerate(hits)]
    for place in range(setting.tiny):
        rows = int(draw.integers(5, 30))
        parts.append(_people(f"t{place}", rows, int(draw.binomial(rows, setting.base))))
    frame = pd.concat(parts, ignore_index=True)
    with TemporaryDirectory() as folder:
        measured = measure(frame, ("a",), Path(folder), checks=(PERFORMANCE_GROUPS, GROUP_GAPS))
    by_id = {item.id: item for item in measured}
    return any(
        v.status is Status.FAIL and by_id[v.measurement].group == "g0"
        for v in compute_verdicts(POLICY, measured)
    )


def _people(group: str, rows: int, hits: int) -> pd.DataFrame:
    chosen = np.arange(rows) < hits
    return pd.DataFrame({"y_true": chosen, "y_pred": chosen, "a": group})


def describe_pairs(hits: np.ndarray, rows: np.ndarray) -> bool:
    """Whether some pair tells that the first group is selected less often."""
    tested: list[tuple[float, tuple[int, int]]] = []
    for one, two in combinations(range(len(hits)), 2):
        pooled = (hits[one] + hits[two]) / (rows[one] + rows[two])
        error = np.sqrt(pooled * (1 - pooled) * (1 / rows[one] + 1 / rows[two]))
        z = abs(hits[one] / rows[one] - hits[two] / rows[two]) / error if error > 0 else 0.0
        tested.append((float(2 * stats.norm.sf(z)), (one, two)))
    tested.sort()
    for place, (p_value, (one, two)) in enumerate(tested):
        if p_value * (len(tested) - place) >= 0.05:
            return False
        if one == 0 and hits[0] / rows[0] < hits[two] / rows[two]:
            return True
    return False


def measure_all(samples: int) -> Iterator[Power]:
    """Measure every setting."""
    for setting in SETTINGS:
        yield measure_power(setting, samples)
