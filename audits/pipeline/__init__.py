"""The one place that knows the order of a run; verifying and retraining use its parts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
