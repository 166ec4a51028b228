"""The search for the closest counterfactual."""
