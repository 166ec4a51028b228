"""Opening models of other people: formats, trust rules, and the worker in which a model lives."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
