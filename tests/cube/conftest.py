"""Cubes of generated rows, and the rows themselves for the oracles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from audits.cube.counts.build import build_cube
from audits.cube.counts.cube import Cube


def make_rows(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    sex = generator.choice(["Female", "Male"], n)
    race = generator.choice(["a", "b", "ç"], n, p=[0.6, 0.3, 0.1])
    y_true = (generator.random(n) < np.where(race == "b", 0.2, 0.35)).astype(np.int32)
    noise = generator.normal(0.3 + 0.3 * y_true + 0.06 * (sex == "Male"), 0.2, n)
    score = np.clip(noise, 0, 1).round(3)
    frame = pd.DataFrame({"row": np.arange(n).astype(str), "y_true": y_true, "y_score": score})
    frame["y_pred"] = (score >= 0.5).astype(np.int32)
    return frame.assign(sex=sex, race=race)


@pytest.fixture(scope="session")
def count(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Cube]:
    """Count a frame as the audit does."""
    folder = tmp_path_factory.mktemp("cubes")

    def build(frame: pd.DataFrame, **options: object) -> Cube:
        path = Path(folder) / f"{len(list(folder.iterdir()))}.parquet"
        frame.to_parquet(path)
        settings = {"task": "binary", "attributes": ("sex", "race"), "threshold": 0.5} | options
        with duckdb.connect() as connection:
            return build_cube(connection, path, **settings)

    return build


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    return make_rows()


@pytest.fixture(scope="session")
def cube(count: Callable[..., Cube], rows: pd.DataFrame) -> Cube:
    return count(rows)
