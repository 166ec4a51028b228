"""Engines that search for counterfactuals."""
