"""Assay: audits a machine-learning model for responsible use and proves every number it prints."""

__version__ = "0.2.0"
