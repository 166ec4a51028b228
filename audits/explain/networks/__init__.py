"""Engines for networks, by their gradients."""
