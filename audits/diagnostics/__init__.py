"""Columns that give something away: the outcome, or a protected attribute."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
