"""What is checked of a file before a library sees it."""
