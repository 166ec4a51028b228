"""Three sample scenarios to audit: generated data, biases planted on purpose, small models."""
