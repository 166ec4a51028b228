"""Recourse: what a rejected row would need to change, within rules, to be accepted."""
