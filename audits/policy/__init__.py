"""Policy: the only place where thresholds live. A policy judges measurements; it measures none."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
