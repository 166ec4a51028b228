"""Anchors: rules that hold a decision in place."""
