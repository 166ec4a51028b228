"""Applications for a flat and whether the rent was paid. What is planted, and how much: DATA.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_models.sampling import (
    blank_numbers,
    blank_texts,
    draw_categories,
    draw_outcome,
    permute_together,
)

PROTECTED = ("sex", "origin")
OUTCOMES = ("no", "yes")

ORIGINS = {"Settled": 0.7, "Newcomer": 0.3}
JOBS = {"employed": 0.68, "self-employed": 0.2, "training": 0.12}
SHORT_RECORD = 2.0
"""Years of renting under which a record is short."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The sizes of what is planted; equal numbers in both groups switch it off.

    debts_settled, debts_newcomer: what each group owes, as a multiple of the same draw.
    short_settled, short_newcomer: share of each group with a short record of renting.
    """

    debts_settled: float = 1.0
    debts_newcomer: float = 0.1
    short_settled: float = 0.02
    short_newcomer: float = 0.36


PLANTED = Planted()


def generate(rows: int, seed: int, biased: bool = True, planted: Planted = PLANTED) -> pd.DataFrame:
    """Return `rows` applications; the same arguments give the same table.

    Missing text is "?", missing numbers are NaN. `biased=False` gives the twin: the same table
    with sex and origin shuffled over the rows, so that they tell nothing.
    """
    rng = np.random.default_rng(seed)
    origin = draw_categories(rng, rows, ORIGINS)
    newcomer = origin == "Newcomer"
    owed = np.where(newcomer, planted.debts_newcomer, planted.debts_settled)
    debts = (owed * rng.gamma(1.5, 400.0, rows)).round(-1)
    short = rng.random(rows) < np.where(newcomer, planted.short_newcomer, planted.short_settled)
    usual = np.maximum(rng.normal(9.0, 1.5, rows), 4.0)
    record = np.where(short, rng.uniform(0, SHORT_RECORD, rows), usual).round(1)
    income = np.exp(7.7 + rng.normal(0, 0.3, rows)).round(-1)
    savings = np.exp(8.0 + rng.normal(0, 0.7, rows)).round(-2)
    log_odds = (
        1.3
        + 0.35 * (record - 9.0)
        - 0.002 * debts
        + 0.5 * (np.log(income) - 7.7)
        + 0.2 * (np.log(savings) - 8.0)
    )
    frame = pd.DataFrame(
        {
            "application": [f"F{seed}-{number:05d}" for number in range(rows)],
            "sex": draw_categories(rng, rows, {"Female": 0.5, "Male": 0.5}),
            "origin": origin,
            "income": blank_numbers(rng, income, 0.03),
            "savings": savings,
            "record_years": record,
            "debts": debts,
            "job": blank_texts(rng, draw_categories(rng, rows, JOBS), 0.03),
            "pets": draw_categories(rng, rows, {"none": 0.7, "cat": 0.2, "dog": 0.1}),
            "paid": draw_outcome(rng, log_odds, OUTCOMES),
        }
    )
    return frame if biased else permute_together(frame, PROTECTED, seed)
