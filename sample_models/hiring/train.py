"""Write the hiring decisions (there is no model): `python -m sample_models.hiring.train`."""

from __future__ import annotations

from pathlib import Path

from sample_models.files import save_csv
from sample_models.hiring.generate import generate

HERE = Path(__file__).parent


def run_training(
    folder: Path = HERE, test_rows: int = 5_000, seed: int = 0, biased: bool = True
) -> str:
    """Write `data/decisions.csv` into `folder`; return one sentence on what was made.

    Decisions alone need no training; the name is that of the other samples. `biased=False`
    writes the twin without the planted biases.
    """
    frame = generate(test_rows, seed, biased)
    save_csv(frame, folder / "data/decisions.csv")
    hired = (frame["hired"] == "yes").mean()
    return f"hiring: wrote {test_rows:,} decisions, {hired:.0%} hired (no model to train)"


if __name__ == "__main__":
    print(run_training())
