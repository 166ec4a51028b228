"""Who has recourse, and at what cost."""
