"""People, their work, and whether they earn over 50,000. What is planted: DATA.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_models.sampling import (
    UNKNOWN,
    Floats,
    Texts,
    blank_numbers,
    draw_categories,
    draw_outcome,
    permute_together,
    swap_labels,
)

PROTECTED = ("sex", "race", "age")
OUTCOMES = ("<=50K", ">50K")

RACES = {"White": 0.66, "Hispanic": 0.145, "Black": 0.13, "Asian": 0.06, "Other": 0.005}
EDUCATION = {
    "no diploma": 0.12,
    "high school": 0.32,
    "some college": 0.24,
    "bachelor": 0.21,
    "master": 0.09,
    "doctorate": 0.02,
}
EDUCATION_WORTH = dict(zip(EDUCATION, (-1.3, -0.6, -0.1, 0.8, 1.3, 1.8), strict=True))
OCCUPATION_WORTH = {
    "manager": 1.0,
    "engineer": 0.9,
    "teacher": 0.2,
    "nurse": 0.2,
    "sales": 0.0,
    "office": -0.2,
    "craft": -0.1,
    "driver": -0.4,
    "service": -1.0,
}
SCHOOLED_JOBS = dict(zip(OCCUPATION_WORTH, (23, 20, 15, 12, 11, 12, 2, 1, 4), strict=True))
OTHER_JOBS = dict(zip(OCCUPATION_WORTH, (8, 3, 2, 6, 15, 15, 21, 13, 17), strict=True))
SECTORS = {"private": 0.7, "public": 0.17, "self-employed": 0.13}
MARITAL = {"married": 0.48, "single": 0.32, "divorced": 0.16, "widowed": 0.04}
REGIONS = {"north": 0.25, "south": 0.3, "east": 0.2, "west": 0.25}


@dataclass(frozen=True, slots=True)
class Planted:
    """The sizes of the planted biases; 0 switches one off.

    women: log-odds by which women earn over 50,000 less often, at equal work and education.
    swapped_hispanic: share of Hispanic rows whose recorded income class is the wrong one.
    """

    women: float = 1.0
    swapped_hispanic: float = 0.20


PLANTED = Planted()


def generate(rows: int, seed: int, biased: bool = True, planted: Planted = PLANTED) -> pd.DataFrame:
    """Return `rows` people; the same arguments give the same table.

    Missing text is "?", missing numbers are NaN. `biased=False` gives the twin: the same table
    with sex, race and age shuffled over the rows, so that they tell nothing.
    """
    rng = np.random.default_rng(seed)
    sex = draw_categories(rng, rows, {"Female": 0.47, "Male": 0.53})
    race = draw_categories(rng, rows, RACES)
    age = np.clip(18 + rng.gamma(3.0, 7.5, rows), 18, 75).astype(np.int64)
    education = draw_categories(rng, rows, EDUCATION)
    occupation = _draw_occupation(rng, education)
    sector = draw_categories(rng, rows, SECTORS)
    experience = np.round((age - 18) * rng.beta(5.0, 2.0, rows), 1)
    hours = np.round(rng.normal(40, 9, rows).clip(5, 80))
    invested = rng.random(rows) < 0.12
    investment = np.where(invested, np.round(np.exp(rng.normal(7.2, 1.0, rows)), -1), 0.0)
    log_odds = (
        -0.6
        + 0.9 * _worth(education, EDUCATION_WORTH)
        + 0.8 * _worth(occupation, OCCUPATION_WORTH)
        + 0.06 * np.minimum(experience - 15, 20)
        + 0.05 * (hours - 40)
        + 0.0002 * np.minimum(investment, 10_000)
        - planted.women * (sex == "Female")
    )
    income = draw_outcome(rng, log_odds, OUTCOMES)
    wrong = np.where(race == "Hispanic", planted.swapped_hispanic, 0.0)
    # As in census files, who does not state the occupation states no sector either.
    unstated = rng.random(rows) < 0.05
    frame = pd.DataFrame(
        {
            "age": age,
            "sex": sex,
            "race": race,
            "education": education,
            "occupation": np.where(unstated, UNKNOWN, occupation),
            "sector": np.where(unstated, UNKNOWN, sector),
            "hours_per_week": blank_numbers(rng, hours, 0.03),
            "years_experience": experience,
            "investment_income": investment,
            "marital_status": draw_categories(rng, rows, MARITAL),
            "region": draw_categories(rng, rows, REGIONS),
            "income": swap_labels(rng, income, wrong, OUTCOMES),
        }
    )
    return frame if biased else permute_together(frame, PROTECTED, seed)


def _draw_occupation(rng: np.random.Generator, education: Texts) -> Texts:
    schooled = np.isin(education, ("bachelor", "master", "doctorate"))
    rows = len(education)
    return np.where(
        schooled,
        draw_categories(rng, rows, _as_shares(SCHOOLED_JOBS)),
        draw_categories(rng, rows, _as_shares(OTHER_JOBS)),
    ).astype(object)


def _as_shares(counts: dict[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def _worth(values: Texts, worth: dict[str, float]) -> Floats:
    return np.array([worth[value] for value in values], dtype=np.float64)
