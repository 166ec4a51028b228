"""Interventions: what thresholds or retraining would do to a model's gaps, and what they cost."""
