"""Proofs: that nothing closer exists, or nothing at all."""
