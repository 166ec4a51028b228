"""Assay: audits a machine-learning model for responsible use and proves every number it prints."""

__version__ = "0.1.0"
