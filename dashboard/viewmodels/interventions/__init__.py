"""What the page on interventions shows."""
