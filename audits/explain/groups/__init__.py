"""Attributions gathered: why groups differ, where errors come from, reasons."""
