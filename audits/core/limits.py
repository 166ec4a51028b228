"""Limits that several rooms share, each named for what it is for."""

MIN_ROWS = 30
"""Groups with fewer rows in a metric's denominator are not judged, unless a policy says else."""
