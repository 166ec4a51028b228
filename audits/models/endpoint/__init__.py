"""A model that answers over loopback, by three protocols."""
