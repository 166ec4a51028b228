"""What the page on fairness shows."""
