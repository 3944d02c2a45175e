"""Drawings of what the chapters explain, made by code.

Each function returns a `Figure`, which a notebook shows: in the page's colours, in light and dark,
legible on a phone, with its numbers computed by `labcode`.
"""

from labcode.pages.figures.backwards import gradients_of_exits
from labcode.pages.figures.blocks import channel_compression, inverted_residual, mobilenet_block
from labcode.pages.figures.branching import removed_channel
from labcode.pages.figures.budgets import early_exits, slimmable_widths
from labcode.pages.figures.convolving import convolution, sliding_filter
from labcode.pages.figures.cutting import removed_filter
from labcode.pages.figures.dilated import dilated_filter
from labcode.pages.figures.excitation import se_block, se_in_networks, se_places
from labcode.pages.figures.fields import receptive_fields
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.files import huffman, packed_file
from labcode.pages.figures.fire_module import fire
from labcode.pages.figures.folded import folded_branches
from labcode.pages.figures.folds import five_folds
from labcode.pages.figures.gaps import relative_index
from labcode.pages.figures.hinting import hints
from labcode.pages.figures.integers import integer_layer, number_line
from labcode.pages.figures.joining import dense_local_shared
from labcode.pages.figures.kinds import (
    depthwise_convolution,
    grouped_convolution,
    kinds_of_convolution,
    pointwise_convolution,
    separable_convolution,
    standard_convolution,
)
from labcode.pages.figures.later import (
    convnext_block,
    ghost_module,
    mean_before_or_after,
    universal_bottleneck,
    weighed_bottleneck,
)
from labcode.pages.figures.loops import pruning_loop
from labcode.pages.figures.masks import magnitude_mask, two_of_four
from labcode.pages.figures.memory import activation_memory
from labcode.pages.figures.networks import (
    layers_of,
    lenet5,
    mobilenet_table,
    resnet8,
    shufflenet_table,
)
from labcode.pages.figures.neurons import dense_sparse_dense, irregular_and_cut, lottery_ticket
from labcode.pages.figures.operators import relu_and_sigmoid
from labcode.pages.figures.phones import phone_and_network
from labcode.pages.figures.pooled import max_and_mean_pooling
from labcode.pages.figures.ranks import low_rank, low_rank_convolution
from labcode.pages.figures.reaching import composed_and_added
from labcode.pages.figures.scales import multi_scale_dense
from labcode.pages.figures.shipping import way_out
from labcode.pages.figures.shuffling import channel_shuffle
from labcode.pages.figures.squeezenets import late_pooling, squeezenet_bypasses
from labcode.pages.figures.stepping import padding_and_stride
from labcode.pages.figures.teaching import hard_and_soft_label, teacher_and_student
from labcode.pages.figures.units import inception, shufflenet_units

__all__ = [
    "Figure",
    "activation_memory",
    "channel_compression",
    "channel_shuffle",
    "composed_and_added",
    "convnext_block",
    "convolution",
    "dense_local_shared",
    "dense_sparse_dense",
    "depthwise_convolution",
    "dilated_filter",
    "early_exits",
    "fire",
    "five_folds",
    "folded_branches",
    "ghost_module",
    "gradients_of_exits",
    "grouped_convolution",
    "hard_and_soft_label",
    "hints",
    "huffman",
    "inception",
    "integer_layer",
    "inverted_residual",
    "irregular_and_cut",
    "kinds_of_convolution",
    "late_pooling",
    "layers_of",
    "lenet5",
    "lottery_ticket",
    "low_rank",
    "low_rank_convolution",
    "magnitude_mask",
    "max_and_mean_pooling",
    "mean_before_or_after",
    "mobilenet_block",
    "mobilenet_table",
    "multi_scale_dense",
    "number_line",
    "packed_file",
    "padding_and_stride",
    "phone_and_network",
    "pointwise_convolution",
    "pruning_loop",
    "receptive_fields",
    "relative_index",
    "relu_and_sigmoid",
    "removed_channel",
    "removed_filter",
    "resnet8",
    "se_block",
    "se_in_networks",
    "se_places",
    "separable_convolution",
    "shufflenet_table",
    "shufflenet_units",
    "sliding_filter",
    "slimmable_widths",
    "squeezenet_bypasses",
    "standard_convolution",
    "teacher_and_student",
    "two_of_four",
    "universal_bottleneck",
    "way_out",
    "weighed_bottleneck",
]
