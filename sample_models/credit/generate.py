"""Loan applications and whether the loan was repaid. What is planted, and how much: DATA.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_models.sampling import (
    Floats,
    Texts,
    blank_numbers,
    blank_texts,
    draw_categories,
    draw_outcome,
    permute_together,
)

PROTECTED = ("sex", "ethnicity", "age")
OUTCOMES = ("no", "yes")

ETHNICITIES = {"Group A": 0.62, "Group B": 0.25, "Group C": 0.125, "Group D": 0.005}
PENALISED = {"Harbour": 0.55, "Mill Quarter": 0.45}
OTHER_DISTRICTS = {
    "Old Town": 0.2,
    "Hillside": 0.2,
    "Riverside": 0.2,
    "Station": 0.15,
    "Gardens": 0.15,
    "Ørsted Park": 0.1,
}
PURPOSES = {
    "car": 0.34,
    "furniture": 0.22,
    "renovation": 0.18,
    "education": 0.12,
    "business": 0.14,
}
SAVINGS = ("under 500", "500 to 2000", "2000 to 10000", "over 10000")
HOUSING = ("with family", "rent", "own")
DURATIONS = (6, 12, 18, 24, 36, 48, 60)


@dataclass(frozen=True, slots=True)
class Planted:
    """The sizes of the planted biases; 0 (or equal shares) switches one off.

    penalty: log-odds by which "repaid" is recorded less often in two districts, at equal risk.
    group_b_there, others_there: share of Group B and of everybody else living in those two.
    savings_unknown_c, savings_unknown: share of rows with savings "?" in Group C and elsewhere.
    """

    penalty: float = 1.3
    group_b_there: float = 0.70
    others_there: float = 0.12
    savings_unknown_c: float = 0.30
    savings_unknown: float = 0.05


PLANTED = Planted()


def generate(rows: int, seed: int, biased: bool = True, planted: Planted = PLANTED) -> pd.DataFrame:
    """Return `rows` applications; the same arguments give the same table.

    Missing text is "?", missing numbers are NaN. `biased=False` gives the twin: the same table
    with sex, ethnicity and age shuffled over the rows, so that they tell nothing.
    """
    rng = np.random.default_rng(seed)
    ethnicity = draw_categories(rng, rows, ETHNICITIES)
    sex = draw_categories(rng, rows, {"Female": 0.48, "Male": 0.52})
    age = np.clip(18 + rng.gamma(2.4, 9.0, rows), 18, 80).astype(np.int64)
    district = _draw_district(rng, ethnicity, planted)
    prudence = rng.normal(size=rows)
    employment = np.minimum(rng.exponential(7.0, rows), age - 18).round(1)
    income = np.exp(7.65 + 0.02 * employment + rng.normal(0, 0.35, rows)).round(-1)
    savings = _cut(prudence + rng.normal(0, 0.6, rows), (-0.3, 0.6, 1.5), SAVINGS)
    housing = _cut(0.03 * (age - 38) + rng.normal(size=rows), (-1.0, 0.4), HOUSING)
    late = rng.poisson(np.exp(-0.9 - 0.7 * prudence)).clip(0, 12)
    loans = rng.poisson(0.8, rows).clip(0, 6)
    amount = np.exp(8.4 + rng.normal(0, 0.6, rows)).round(-2)
    duration = rng.choice(DURATIONS, rows, p=(0.08, 0.2, 0.15, 0.22, 0.18, 0.1, 0.07))
    log_odds = (
        1.1
        + 0.5 * np.searchsorted((-0.3, 0.6, 1.5), prudence)
        + 0.04 * np.minimum(employment, 15)
        + 0.3 * (housing == "own")
        - 0.55 * late
        - 0.15 * loans
        - 3.0 * np.minimum(amount / duration / income, 0.6)
        - planted.penalty * np.isin(district, list(PENALISED))
    )
    unknown = np.where(ethnicity == "Group C", planted.savings_unknown_c, planted.savings_unknown)
    frame = pd.DataFrame(
        {
            "application": [f"L{seed}-{number:05d}" for number in range(rows)],
            "sex": sex,
            "ethnicity": ethnicity,
            "age": age,
            "district": district,
            "income": blank_numbers(rng, income, 0.04),
            "employment_years": blank_numbers(rng, employment, 0.03),
            "savings": blank_texts(rng, savings, unknown),
            "housing": housing,
            "purpose": draw_categories(rng, rows, PURPOSES),
            "loan_amount": amount,
            "duration_months": duration,
            "existing_loans": loans,
            "late_payments": late,
            "repaid": draw_outcome(rng, log_odds, OUTCOMES),
        }
    )
    return frame if biased else permute_together(frame, PROTECTED, seed)


def _draw_district(rng: np.random.Generator, ethnicity: Texts, planted: Planted) -> Texts:
    rows = len(ethnicity)
    there = np.where(ethnicity == "Group B", planted.group_b_there, planted.others_there)
    return np.where(
        rng.random(rows) < there,
        draw_categories(rng, rows, PENALISED),
        draw_categories(rng, rows, OTHER_DISTRICTS),
    ).astype(object)


def _cut(values: Floats, edges: tuple[float, ...], names: tuple[str, ...]) -> Texts:
    """Return the name of the interval that each value falls in: `len(edges) + 1` names."""
    return np.asarray(np.array(names, dtype=object)[np.searchsorted(edges, values)], dtype=object)
