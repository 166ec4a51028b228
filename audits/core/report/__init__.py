"""The report: measurements, verdicts and what they are made of."""
