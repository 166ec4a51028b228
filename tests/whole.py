"""How often a simulation is repeated: some times in `make test`, as often as its claim deserves in
`make bench`, which runs what is marked `simulation` once more with ASSAY_WHOLE set."""

from __future__ import annotations

import os

IS_WHOLE = "ASSAY_WHOLE" in os.environ


def repeat(whole: int, part: int) -> int:
    """Return how often this time."""
    return whole if IS_WHOLE else part
