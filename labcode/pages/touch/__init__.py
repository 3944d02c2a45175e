"""Pieces to touch: one idea each, computed in the reader's browser beside its text.

>>> from labcode.pages.touch import touch
"""

from labcode.pages.touch.page import Touch, touch

__all__ = ["Touch", "touch"]
