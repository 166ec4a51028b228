"""Sections on explanations and recourse."""
