"""Limits that several rooms share, each named for what it is for."""

ALPHA = 0.05
"""A p-value under it is called significant, where no policy asks for more."""

MIN_ROWS = 30
"""Groups with fewer rows in a metric's denominator are not judged, unless a policy says else."""
