"""Attributions: how much each column moved each row's output, by exact or checked engines."""
