"""A run in forms that leave the machine: files for people and for other programs."""
