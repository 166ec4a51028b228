"""Data with the mess of real files, and small models of each library trained on it."""

import numpy as np
import pandas as pd
import pytest

ROWS = 300


def make_frame(seed=0):
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, ROWS).astype(float),
            "job": generator.choice(["clerk", "nurse", "Müller"], ROWS),
            "grade": generator.choice([1, 2, 3], ROWS),
            "member": generator.random(ROWS) < 0.5,
            "constant": "same",
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::5, "job"] = None
    return frame


@pytest.fixture(scope="session")
def frame():
    return make_frame()


@pytest.fixture(scope="session")
def targets(frame):
    generator = np.random.default_rng(1)
    lift = (frame["job"] == "nurse").to_numpy() * 0.5 + (frame["grade"] == 3).to_numpy() * 0.2
    noise = generator.random(ROWS)
    return {
        "binary": (noise < 0.2 + lift).astype(int),
        "multiclass": np.digitize(noise + lift, [0.5, 1.0]),
        "regression": 100 * (noise + lift),
    }


@pytest.fixture(scope="session")
def categorical(frame):
    """The frame as LightGBM and XGBoost are trained: text columns are pandas categories."""
    return frame.assign(**{name: pd.Categorical(frame[name]) for name in ("job", "constant")})
