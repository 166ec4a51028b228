"""The package itself: its extras, and its own modules as processes."""
