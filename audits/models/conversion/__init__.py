"""`assay convert`: a person's own file into one that runs no code."""
