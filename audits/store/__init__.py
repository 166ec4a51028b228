"""Runs on disk: written whole or not at all, and verified against their evidence."""
