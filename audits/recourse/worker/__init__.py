"""The search beside the model, in its own process."""
