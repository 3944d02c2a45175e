"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file: the site runs these same functions in the reader's browser.
"""

from labcode.pages.calculators.compression_budget import compression_budget
from labcode.pages.calculators.design_space import design_space
from labcode.pages.calculators.excitation import se_cost
from labcode.pages.calculators.exit_thresholds import exit_thresholds
from labcode.pages.calculators.few_bits import few_bits
from labcode.pages.calculators.fire import fire_module
from labcode.pages.calculators.grouped import grouped_convolution
from labcode.pages.calculators.huffman import huffman_tree
from labcode.pages.calculators.kinds import convolutions
from labcode.pages.calculators.layers import network_layers
from labcode.pages.calculators.low_rank import low_rank
from labcode.pages.calculators.mobilenet import mobilenet_table
from labcode.pages.calculators.number_line import number_line
from labcode.pages.calculators.receptive import receptive_field
from labcode.pages.calculators.roofline import counts
from labcode.pages.calculators.scoreboard import compare_techniques
from labcode.pages.calculators.shuffle import channel_shuffle
from labcode.pages.calculators.shufflenet_cost import shufflenet_cost
from labcode.pages.calculators.squeezenet_size import squeezenet_size
from labcode.pages.calculators.subsample import downsampling
from labcode.pages.calculators.temperature import soft_label
from labcode.pages.calculators.weights import sharing

__all__ = [
    "channel_shuffle",
    "compare_techniques",
    "compression_budget",
    "convolutions",
    "counts",
    "design_space",
    "downsampling",
    "exit_thresholds",
    "few_bits",
    "fire_module",
    "grouped_convolution",
    "huffman_tree",
    "low_rank",
    "mobilenet_table",
    "network_layers",
    "number_line",
    "receptive_field",
    "se_cost",
    "sharing",
    "shufflenet_cost",
    "soft_label",
    "squeezenet_size",
]
