"""Checks of performance: overall, by group, by class and in slices."""
