"""Checks: one file each, measuring and never judging."""
