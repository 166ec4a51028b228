"""Parts of the audited rows that conditions describe: which rows, their numbers, what drives
them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
