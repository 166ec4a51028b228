"""Engines for any model, by sampled coalitions."""
