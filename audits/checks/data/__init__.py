"""Checks of the data: columns, missing values, leakage, reference data."""
