"""Job applications, the score, the decision, and who was suitable. What is planted: DATA.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_models.sampling import (
    UNKNOWN,
    blank_numbers,
    compute_logistic,
    draw_categories,
    draw_outcome,
    permute_together,
    swap_labels,
)

PROTECTED = ("sex", "race")
OUTCOMES = ("no", "yes")
HIRED_FROM = 0.5
"""The score from which an applicant is hired."""

RACES = {
    "White": 0.55,
    "Black": 0.18,
    "Hispanic": 0.14,
    "Asian": 0.10,
    "Native American": 0.01,
    UNKNOWN: 0.02,
}
DEGREES = {"school": 0.35, "bachelor": 0.42, "master": 0.20, UNKNOWN: 0.03}
DEGREE_WORTH = {"school": -0.5, "bachelor": 0.2, "master": 0.6, UNKNOWN: 0.0}


@dataclass(frozen=True, slots=True)
class Planted:
    """The sizes of the planted biases; 0 (or equal noise) switches one off.

    women: log-odds taken off the score of every woman, at equal merit.
    black_women: log-odds taken off the score of Black women, on top of that.
    noise_hispanic, noise: standard deviation, in log-odds, of the score's random error among
    Hispanic applicants and among all others.
    """

    women: float = 0.6
    black_women: float = 0.8
    noise_hispanic: float = 2.0
    noise: float = 0.5


PLANTED = Planted()


def generate(rows: int, seed: int, biased: bool = True, planted: Planted = PLANTED) -> pd.DataFrame:
    """Return `rows` applications; the same arguments give the same table.

    Missing text is "?", missing numbers are NaN. `biased=False` gives the twin: the same table
    with sex and race shuffled over the rows, so that they tell nothing.
    """
    rng = np.random.default_rng(seed)
    sex = draw_categories(rng, rows, {"Female": 0.46, "Male": 0.54})
    race = draw_categories(rng, rows, RACES)
    degree = draw_categories(rng, rows, DEGREES)
    referred = draw_categories(rng, rows, {"no": 0.85, "yes": 0.15})
    years = np.round(rng.gamma(2.0, 3.5, rows).clip(0, 40), 1)
    worth = np.array([DEGREE_WORTH[name] for name in degree])
    merit = 0.16 * (years - 7.0) + 1.2 * worth + rng.normal(0, 1.2, rows)
    women = sex == "Female"
    noise = np.where(race == "Hispanic", planted.noise_hispanic, planted.noise)
    assessed = (
        merit
        + noise * rng.normal(size=rows)
        - planted.women * women
        - planted.black_women * (women & (race == "Black"))
    )
    score = np.round(compute_logistic(assessed), 4)
    decided = np.where(score >= HIRED_FROM, "yes", "no").astype(object)
    frame = pd.DataFrame(
        {
            "applicant": [f"A{number:05d}" for number in range(rows)],
            "sex": sex,
            "race": race,
            "years_experience": blank_numbers(rng, years, 0.03),
            "degree": degree,
            "referred": referred,
            "score": score,
            # Managers overrule the score now and then, whoever the applicant is.
            "hired": swap_labels(rng, decided, 0.02, OUTCOMES),
            "suitable": draw_outcome(rng, 1.5 * merit, OUTCOMES),
        }
    )
    return frame if biased else permute_together(frame, PROTECTED, seed)
