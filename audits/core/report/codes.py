"""Codes of checks that other rooms look for in a report."""

PROXIES_CHECK = "fairness.proxies"
TRUST_CHECK = "explain.trust"
INTERVENTIONS_CHECK = "fairness.interventions"
