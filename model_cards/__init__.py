"""Model cards: documents whose every number refers to a measurement of one audit report."""
