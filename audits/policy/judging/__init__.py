"""A policy's rules against a report's measurements."""
