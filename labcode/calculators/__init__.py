"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file: the site runs these same functions in the reader's browser.
"""

from labcode.calculators.compression_budget import compression_budget
from labcode.calculators.design_space import design_space
from labcode.calculators.excitation import se_cost
from labcode.calculators.exit_thresholds import exit_thresholds
from labcode.calculators.few_bits import few_bits
from labcode.calculators.fire import fire_module
from labcode.calculators.grouped import grouped_convolution
from labcode.calculators.huffman import huffman_tree
from labcode.calculators.kinds import convolutions
from labcode.calculators.layers import network_layers
from labcode.calculators.low_rank import low_rank
from labcode.calculators.mobilenet import mobilenet_table
from labcode.calculators.number_line import number_line
from labcode.calculators.receptive import receptive_field
from labcode.calculators.roofline import counts
from labcode.calculators.scoreboard import compare_techniques
from labcode.calculators.shuffle import channel_shuffle
from labcode.calculators.shufflenet_cost import shufflenet_cost
from labcode.calculators.squeezenet_size import squeezenet_size
from labcode.calculators.subsample import downsampling
from labcode.calculators.temperature import soft_label
from labcode.calculators.weights import sharing

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
