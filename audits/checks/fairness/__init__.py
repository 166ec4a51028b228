"""Checks of gaps between groups, proxies, consistency and interventions."""
