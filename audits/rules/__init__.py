"""Rules that people are held to, as pure arithmetic on counts. They measure; none judges."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
