"""What the page on performance shows."""
