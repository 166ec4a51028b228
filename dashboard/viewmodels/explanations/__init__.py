"""What the page on explanations shows."""
