"""Train the income network on the CPU: `python -m sample_models.income.train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from sample_models.files import save_csv
from sample_models.income.generate import (
    EDUCATION,
    MARITAL,
    OCCUPATION_WORTH,
    OUTCOMES,
    REGIONS,
    SECTORS,
    generate,
)
from sample_models.income.network import (
    Columns,
    TabularNetwork,
    encode,
    measure_columns,
    save_network,
)

HERE = Path(__file__).parent
MODEL_FILE = "model/income.json"
TARGET = "income"
HIDDEN = (32, 16)

NUMERIC = ("age", "hours_per_week", "years_experience", "investment_income")
CATEGORICAL = {
    "sex": ("Female", "Male"),
    "education": tuple(EDUCATION),
    "occupation": tuple(OCCUPATION_WORTH),
    "sector": tuple(SECTORS),
    "marital_status": tuple(MARITAL),
    "region": tuple(REGIONS),
}


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: faster for layers this small, and sums in one fixed order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train_network(
    frame: pd.DataFrame, seed: int = 0, epochs: int = 10, batch: int = 400
) -> tuple[TabularNetwork, Columns]:
    """Return the network fitted to `frame` and how it reads a table; the same for a same seed."""
    columns = measure_columns(frame, NUMERIC, CATEGORICAL)
    numbers, codes = encode(frame, columns)
    wanted = torch.from_numpy((frame[TARGET] == OUTCOMES[1]).to_numpy(dtype=np.float32))
    steps = max(1, len(frame) // batch)
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        network = TabularNetwork(columns, HIDDEN)
        optimiser = torch.optim.Adam(network.parameters(), lr=3e-3, weight_decay=1e-5)
        slowing = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, total_iters=epochs)
        loss = nn.BCEWithLogitsLoss()
        for _ in range(epochs):
            for rows in torch.tensor_split(torch.randperm(len(frame)), steps):
                optimiser.zero_grad()
                loss(network(numbers[rows], codes[rows]), wanted[rows]).backward()
                optimiser.step()
            slowing.step()
    return network.eval(), columns


def predict(network: TabularNetwork, columns: Columns, frame: pd.DataFrame) -> np.ndarray:
    """Return the probabilities `[n]` of an income over 50,000."""
    with torch.no_grad():
        return torch.sigmoid(network(*encode(frame, columns))).numpy()


def run_training(
    folder: Path = HERE,
    train_rows: int = 20_000,
    test_rows: int = 10_000,
    seed: int = 0,
    biased: bool = True,
) -> str:
    """Write `data/` and `model/` into `folder`; return one sentence on what was made.

    The test rows come from `seed + 1`. `biased=False` trains on the twin without the biases.
    """
    train = generate(train_rows, seed, biased)
    test = generate(test_rows, seed + 1, biased)
    save_csv(train, folder / "data/train.csv")
    save_csv(test, folder / "data/test.csv")
    network, columns = train_network(train, seed)
    save_network(network, columns, OUTCOMES, HIDDEN, folder / MODEL_FILE)
    right = (predict(network, columns, test) >= 0.5) == (test[TARGET] == OUTCOMES[1])
    return (
        f"income: trained on {train_rows:,} people, "
        f"right on {right.mean():.0%} of {test_rows:,} others"
    )


if __name__ == "__main__":
    print(run_training())
