"""The cube itself: built, merged, viewed."""
