"""Two runs beside each other: what improved, what got worse, and what noise explains."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
