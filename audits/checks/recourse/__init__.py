"""Checks of counterfactuals, and of who has recourse at what cost."""
