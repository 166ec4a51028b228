"""How often runs that do not differ are said to, and whether those that do are found.

Numbers and families are as in an audit, made by hand so that dozens of comparisons cost seconds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.compare.comparison import SURE, Outcome
from audits.compare.pairs import PairedCounts
from audits.compare.run import compute_comparison
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, measurement_id
from audits.cube.intervals.intervals import compute_difference, compute_share_interval

FAMILIES = 40
RATES = {
    "selection_rate": "none", "true_positive_rate": "higher_is_better",
    "false_positive_rate": "lower_is_better", "accuracy": "higher_is_better",
    "positive_predictive_value": "higher_is_better",
}  # fmt: skip
GROUPS = ("a", "b", "c")


def count(name: str, true: np.ndarray, decided: np.ndarray) -> tuple[int, int]:
    """Return (hits, rows) of a rate."""
    rows = {
        "selection_rate": np.ones(len(true), bool), "accuracy": np.ones(len(true), bool),
        "true_positive_rate": true == 1, "false_positive_rate": true == 0,
        "positive_predictive_value": decided == 1,
    }[name]  # fmt: skip
    hits = {"accuracy": true == decided, "positive_predictive_value": true == 1}.get(
        name, decided == 1
    )
    return int((hits & rows).sum()), int(rows.sum())


def measure(people: pd.DataFrame) -> tuple[Measurement, ...]:
    found = []
    parts = [(rows["y_true"].to_numpy(), rows["y_pred"].to_numpy())
             for rows in (people, *(people[people["sex"] == group] for group in GROUPS))]  # fmt: skip
    for name, direction in RATES.items():
        counts = np.array([count(name, *rows) for rows in parts], dtype=float)
        share = np.divide(
            counts[:, 0], counts[:, 1], out=np.full(4, np.nan), where=counts[:, 1] > 0
        )
        low, high = compute_share_interval(share, counts[:, 1])
        columns = (share.tolist(), low.tolist(), high.tolist(), counts[:, 1].astype(int).tolist())
        shares = dict(zip((None, *GROUPS), zip(*columns, strict=True), strict=True))
        found += [make(name, group, None, shares[group], "share", direction) for group in shares]
        base, base_low, base_high, base_rows = shares["a"]
        for group in GROUPS[1:]:
            share, low, high, rows = shares[group]
            ends = compute_difference(
                *(np.array(x) for x in (share,)), (np.array(low), np.array(high)),
                np.array(base), (np.array(base_low), np.array(base_high)),
            )  # fmt: skip
            gap = (share - base, float(ends[0]), float(ends[1]), rows + base_rows)
            found.append(make(f"{name}_difference", group, "a", gap, "points", "closer_to_zero"))
    return tuple(found)


def make(metric, group, reference, numbers, unit, direction) -> Measurement:
    attribute = None if group is None else "sex"
    value, low, high, rows = numbers
    result = {"unavailable": Unavailable(reason="no rows")} if np.isnan(value) else {
        "estimate": Estimate(value=value, low=low, high=high, n=rows, confidence=0.95,
                             method="wilson_midp" if unit == "share" else "mover_wilson_midp")}  # fmt: skip
    check = (
        "fairness.disparities"
        if reference
        else "performance.groups"
        if group
        else "performance.overall"
    )
    return Measurement(
        id=measurement_id(metric, attribute, group, reference), check=check, metric=metric, attribute=attribute,
        group=group, reference_group=reference, unit=unit, direction=direction, **result,
    )  # fmt: skip


def pair(before: pd.DataFrame, after: pd.DataFrame) -> PairedCounts:
    table = (
        before.assign(p=before["y_pred"], q=after["y_pred"])
        .groupby(["sex", "y_true", "p", "q"])
        .size()
    )
    cells = table.reset_index(name="n")
    n = cells["n"].to_numpy(float)
    return PairedCounts(
        {"sex": cells["sex"].to_numpy(object)}, *(cells[x].to_numpy(np.int64) for x in ("y_true", "p", "q", "n")),
        weight=n, squared=n, moments={}, task="binary",
    )  # fmt: skip


def make_people(draw: np.random.Generator, n: int) -> pd.DataFrame:
    """Small and large groups; the rare one has about a dozen rows when n is 250."""
    return pd.DataFrame(
        {"y_true": draw.integers(0, 2, n), "sex": draw.choice(list(GROUPS), n, p=[0.6, 0.35, 0.05])}
    )


def decide(people: pd.DataFrame, noise: np.ndarray, against: float = 0.0) -> pd.DataFrame:
    score = people["y_true"] * 0.8 + noise - 0.3 * (people["sex"] == "b")
    return people.assign(y_pred=((score - against * (people["sex"] == "b")) > 0.4).astype(int))


def compare(make_report, seed: int, n: int, *, paired: bool, against: float = 0.0):
    draw = np.random.default_rng([seed, n])
    people = make_people(draw, n)
    shared = draw.normal(0, 1, n)
    before = decide(people, shared)
    if paired:  # the same rows, and a model much like the other
        after = decide(people, 0.9 * shared + 0.436 * draw.normal(0, 1, n), against)
        pairs = pair(before, after)
    else:
        after = decide(make_people(draw, n), draw.normal(0, 1, n), against)
        pairs = "other rows"
    reports = [
        make_report(measure(rows), n, sha)
        for rows, sha in ((before, "a"), (after, "ab"[not paired]))
    ]
    return compute_comparison(*reports, pairs)


@pytest.mark.parametrize("paired", [True, False])
def test_runs_that_do_not_differ_are_not_said_to(make_report, paired: bool) -> None:
    said = 0
    for seed in range(FAMILIES):
        found = compare(make_report, seed, 250 if seed % 2 else 1500, paired=paired)
        assert found.tested >= 25
        said += any(item.outcome in SURE for item in found.changes)
    assert said <= 0.05 * FAMILIES, said


@pytest.mark.parametrize(("paired", "n"), [(True, 1500), (False, 4000)])
def test_a_planted_change_is_found_where_it_was_planted(make_report, paired: bool, n: int) -> None:
    alarms = 0
    for seed in range(3):
        found = compare(make_report, seed, n, paired=paired, against=0.6)
        worse = {item.id for item in found.find(Outcome.WORSENED)}
        assert "selection_rate_difference[sex=b|a]" in worse
        assert "true_positive_rate[sex=b]" in worse
        assert {item.id for item in found.find(Outcome.SHIFTED)} >= {"selection_rate[sex=b]"}
        # Nothing is said of the groups that were left alone, nor where nothing was planted.
        alarms += any(
            item.outcome in SURE and item.shown.group in ("a", "c") for item in found.changes
        )
        back = compare(make_report, seed, n, paired=paired)
        alarms += any(item.outcome in SURE for item in back.changes)
    assert alarms <= 1  # of six that have a chance of 5% each, two would have one of 3%


def test_pairing_finds_what_intervals_alone_do_not(make_report) -> None:
    """The same rows decided by nearly the same model, a little stricter with one group."""
    draw = np.random.default_rng(5)
    people = make_people(draw, 1500)
    noise = draw.normal(0, 1, 1500)
    before, after = decide(people, noise), decide(people, noise, against=0.15)
    reports = [make_report(measure(rows), 1500) for rows in (before, after)]
    paired = compute_comparison(*reports, pair(before, after))
    apart = compute_comparison(*reports, "no ids")
    assert "selection_rate[sex=b]" in {item.id for item in paired.find(Outcome.SHIFTED)}
    assert not [item for item in apart.changes if item.outcome in SURE]
    assert apart.basis == "unpaired" and "no ids" in apart.basis_reason
