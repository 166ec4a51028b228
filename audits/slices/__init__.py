"""Worst slices: parts of the data, by up to three conditions, where the model does worse."""
