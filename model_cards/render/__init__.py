"""Writes a card as Markdown, as one HTML file, or as JSON."""
