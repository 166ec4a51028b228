"""The audit cube: counts from one pass over the data, and the arithmetic on them."""
