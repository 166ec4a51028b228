"""Worst slices: parts of the data, by up to three conditions, where the model does worse."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
