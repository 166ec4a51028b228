"""Policy: the only place where thresholds live. A policy judges measurements; it measures none."""
