"""Limits that several rooms share, each named for what it is for."""

ALPHA = 0.05
"""A p-value under it is called significant, where no policy asks for more."""

MAX_GROUPS = 500
"""No protected column, nor two crossed, makes more groups, unless the settings allow them: each
brings some 60 numbers, so that 500 of them are a report of 15 MB already."""

MIN_ROWS = 30
"""Groups with fewer rows in a metric's denominator are not judged, unless a policy says else."""
