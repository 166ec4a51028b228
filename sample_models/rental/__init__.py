"""Flats to rent: a linear model that accepts two groups equally often, with unequal recourse."""
