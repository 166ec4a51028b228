"""Commands before a run: settings, policies, models."""
