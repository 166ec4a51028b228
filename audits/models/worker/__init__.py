"""The process in which a model lives, and how it is spoken to."""
