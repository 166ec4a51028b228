"""Findings: what people read, discuss and act on, made of a report's verdicts.

Cards, pages, reports and the command all take theirs from here, so that they tell one story.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
