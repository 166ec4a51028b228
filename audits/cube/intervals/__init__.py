"""Intervals and tests of rates, means and differences."""
