"""The rows that every model of the zoo is trained on: numbers, texts, missing values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

N = 160


@dataclass(frozen=True)
class Rows:
    """numbers: four columns without gaps. counts: whole numbers from 0. mixed: numbers with gaps,
    texts, a boolean. words: one column of short texts. The targets go with all of them."""

    numbers: pd.DataFrame
    counts: pd.DataFrame
    mixed: pd.DataFrame
    words: pd.DataFrame
    yes_no: np.ndarray
    zero_one: np.ndarray
    three: np.ndarray
    amount: np.ndarray


def make_rows() -> Rows:
    generator = np.random.default_rng(5)
    numbers = pd.DataFrame(
        {
            "age": generator.integers(18, 80, N).astype(float),
            "income": np.round(np.exp(generator.normal(3, 0.4, N)), 2),
            "debt": np.round(generator.exponential(10, N), 2),
            "years": generator.integers(0, 30, N).astype(float),
        }
    )
    job = generator.choice(["clerk", "nurse", "driver"], N)
    mixed = numbers[["age", "income"]].assign(
        job=pd.Series(job, dtype=object), owner=generator.random(N) < 0.4
    )
    mixed.loc[::9, "income"] = np.nan
    lift = (numbers["income"] / 20 - numbers["debt"] / 10 + (job == "nurse")).to_numpy()
    noisy = lift + generator.normal(0, 0.5, N)
    words = pd.DataFrame(
        {"note": [f"{a} works {b}" for a, b in zip(job, generator.choice(["well", "late"], N), strict=True)]},
        dtype=object,
    )  # fmt: skip
    return Rows(
        numbers=numbers,
        counts=numbers.astype(int),
        mixed=mixed,
        words=words,
        yes_no=np.where(noisy > 0.2, "yes", "no").astype(object),
        zero_one=(noisy > 0.2).astype(int),
        three=np.array(["low", "mid", "high"], dtype=object)[np.digitize(noisy, [-0.2, 0.8])],
        amount=np.round(50 + 10 * noisy, 3),
    )


ROWS = make_rows()
