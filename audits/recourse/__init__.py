"""Recourse: what a rejected row would need to change, within rules, to be accepted."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
