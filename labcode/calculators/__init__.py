"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file: the site runs these same functions in the reader's browser.
"""

from labcode.calculators.compression_budget import compression_budget
from labcode.calculators.few_bits import few_bits
from labcode.calculators.huffman import huffman_tree
from labcode.calculators.kinds import convolutions
from labcode.calculators.layers import network_layers
from labcode.calculators.number_line import number_line
from labcode.calculators.receptive import receptive_field
from labcode.calculators.roofline import counts
from labcode.calculators.subsample import downsampling
from labcode.calculators.weights import sharing

__all__ = [
    "compression_budget",
    "convolutions",
    "counts",
    "downsampling",
    "few_bits",
    "huffman_tree",
    "network_layers",
    "number_line",
    "receptive_field",
    "sharing",
]
