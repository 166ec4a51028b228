"""The search in ensembles of trees, by their own arrays."""
