"""What values mean: outcomes, decisions, scores, missing, spellings, declared types."""
