"""Codes of checks that other rooms look for in a report."""

PROXIES_CHECK = "fairness.proxies"
TRUST_CHECK = "explain.trust"
INTERVENTIONS_CHECK = "fairness.interventions"
EFFECTS_CHECK = "explain.effects"
"""The check whose evidence holds the columns' curves."""

PERMUTATION_CHECK = "explain.permutation"
"""The check of what is lost without each column."""

ANCHORS_CHECK = "explain.anchors"
"""The check whose evidence holds the rules."""

SLICES_CHECK = "performance.slices"
"""The check whose numbers set a part of the data against the rest of it."""
