"""Cohorts, people and rows."""
