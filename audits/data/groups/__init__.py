"""Protected attributes and the groups that they make."""
