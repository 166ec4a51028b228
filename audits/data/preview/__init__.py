"""A first look at data: facts, guesses of roles, repeats, samples."""
