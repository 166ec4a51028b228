"""What metrics, rules and values are called for people."""
