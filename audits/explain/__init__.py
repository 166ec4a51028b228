"""Attributions: how much each column moved each row's output, by exact or checked engines."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
