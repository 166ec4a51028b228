"""Parts of the pages on explanations and counterfactuals."""
