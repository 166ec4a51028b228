"""What may change, how far, and what goes together."""
