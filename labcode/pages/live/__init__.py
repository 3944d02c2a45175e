"""Calculators that move: in a notebook by widgets, on the site in the reader's browser.

>>> from labcode.pages.live import explore
"""

from labcode.pages.live.explorer import Explorer, explore
from labcode.pages.live.result import Result

__all__ = ["Explorer", "Result", "explore"]
