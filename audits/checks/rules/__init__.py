"""Checks of rules that people are held to."""
