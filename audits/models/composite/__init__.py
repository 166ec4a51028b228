"""A preprocessing and a booster in one file, each part opened safely."""
