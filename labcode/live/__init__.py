"""Calculators that move: in a notebook by widgets, on the site in the reader's browser.

>>> from labcode.live import explore
"""

from labcode.live.explorer import Explorer, explore
from labcode.live.result import Result

__all__ = ["Explorer", "Result", "explore"]
