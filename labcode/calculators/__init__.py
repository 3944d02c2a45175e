"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file: the site runs these same functions in the reader's browser.
"""

from labcode.calculators.kinds import convolutions
from labcode.calculators.layers import network_layers
from labcode.calculators.receptive import receptive_field
from labcode.calculators.roofline import counts
from labcode.calculators.subsample import downsampling
from labcode.calculators.weights import sharing

__all__ = [
    "convolutions",
    "counts",
    "downsampling",
    "network_layers",
    "receptive_field",
    "sharing",
]
