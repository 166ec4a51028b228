"""What the page on counterfactuals shows."""
