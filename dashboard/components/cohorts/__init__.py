"""Parts that choose cohorts and people."""
