"""What a model's outputs and decisions mean in the data: declared or proven, never guessed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
