"""Hiring decisions: no model, only what was decided and what came of it."""
