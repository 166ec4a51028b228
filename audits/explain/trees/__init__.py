"""Engines for ensembles of trees."""
