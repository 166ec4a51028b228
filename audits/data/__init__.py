"""Data: files through DuckDB, out of core; schema, protected columns, fingerprints."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
