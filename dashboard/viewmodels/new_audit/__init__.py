"""The form of a new audit, and its job."""
