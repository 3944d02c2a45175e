"""Calculators: functions that a reader moves with `labcode.explore`.

Pure Python, one a file that has its name: the site runs these same functions in the browser.
"""

from labcode.pages.calculators.channel_shuffle import channel_shuffle
from labcode.pages.calculators.compare_techniques import compare_techniques
from labcode.pages.calculators.compression_budget import compression_budget
from labcode.pages.calculators.convolutions import convolutions
from labcode.pages.calculators.counts import counts
from labcode.pages.calculators.design_space import design_space
from labcode.pages.calculators.exit_thresholds import exit_thresholds
from labcode.pages.calculators.few_bits import few_bits
from labcode.pages.calculators.fire_module import fire_module
from labcode.pages.calculators.grouped_convolution import grouped_convolution
from labcode.pages.calculators.huffman_tree import huffman_tree
from labcode.pages.calculators.low_rank import low_rank
from labcode.pages.calculators.mobilenet_table import mobilenet_table
from labcode.pages.calculators.network_layers import network_layers
from labcode.pages.calculators.number_line import number_line
from labcode.pages.calculators.pruned_networks import pruned_networks
from labcode.pages.calculators.receptive_field import receptive_field
from labcode.pages.calculators.se_cost import se_cost
from labcode.pages.calculators.sharing import sharing
from labcode.pages.calculators.shufflenet_cost import shufflenet_cost
from labcode.pages.calculators.soft_label import soft_label
from labcode.pages.calculators.sparse_bytes import sparse_bytes
from labcode.pages.calculators.squeezenet_size import squeezenet_size

__all__ = [
    "channel_shuffle",
    "compare_techniques",
    "compression_budget",
    "convolutions",
    "counts",
    "design_space",
    "exit_thresholds",
    "few_bits",
    "fire_module",
    "grouped_convolution",
    "huffman_tree",
    "low_rank",
    "mobilenet_table",
    "network_layers",
    "number_line",
    "pruned_networks",
    "receptive_field",
    "se_cost",
    "sharing",
    "shufflenet_cost",
    "soft_label",
    "sparse_bytes",
    "squeezenet_size",
]
