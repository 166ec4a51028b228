"""Every kind of interval that Assay prints, in several settings."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulated.case import Case
from tests.simulated.explained import list_explained
from tests.simulated.groups import (
    list_distances,
    list_interventions,
    list_strata,
    list_summaries,
)
from tests.simulated.metrics import list_binary, list_multiclass, list_regression


def list_cases() -> Iterator[Case]:
    """Yield all of them."""
    yield from list_binary()
    yield from list_multiclass()
    yield from list_regression()
    yield from list_summaries()
    yield from list_strata()
    yield from list_distances()
    yield from list_interventions()
    yield from list_explained()
