"""Where the runs lie: known before anything heavy is imported."""

from __future__ import annotations

RUNS_VARIABLE = "ASSAY_RUNS"
"""The environment variable with the folder of runs."""
