"""What every test may ask for: the real data, small audits of generated rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("assay", deadline=None)
settings.load_profile("assay")

# Small matrices on shared cores are several times slower on many threads than on one. Set before
# any numerical library is imported, and handed on to the model workers.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data beside the project; absent on most machines."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data, the real public data sets, is absent")
    return SHARED


NEAR = {"checks", "cohorts", "findings", "meaning", "model_cards", "planted", "policy", "recourse",
        "rules", "slices"}  # fmt: skip
"""Rooms in whose audits a model answers in the tests' own process: see `tests.near`."""


@pytest.fixture(autouse=True, scope="module")
def _near(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.parent.name not in NEAR:
        yield
        return
    from tests.near import near_models

    with near_models():
        yield
