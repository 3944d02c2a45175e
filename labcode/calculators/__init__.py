"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file: the site runs these same functions in the reader's browser.
"""

from labcode.calculators.kinds import convolutions

__all__ = ["convolutions"]
