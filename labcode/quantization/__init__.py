"""Quantization: weights and activations in few bits.

Biases are kept in float32 and become int32 where a network computes in integers. Batch norm is
folded into the layer before it first.
"""

from labcode.quantization.affine import (
    QuantParams,
    affine_params,
    integer_range,
    symmetric_params,
)
from labcode.quantization.bias_correction import correct_bias
from labcode.quantization.chain import Step, chain
from labcode.quantization.convert import IntegerWeights, integer_weights, to_integer
from labcode.quantization.equalization import CappedReLU, capped, equalize
from labcode.quantization.errors import QuantError, quant_error
from labcode.quantization.extreme import binary, ternary
from labcode.quantization.fake import FakeQuantizer, SignQuantizer, straight_through
from labcode.quantization.fixed_point import fixed_point, rescale
from labcode.quantization.folding import fold_batch_norm, folded_weights
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.quantization.layers import quantize_model
from labcode.quantization.learned_rounding import learn_rounding
from labcode.quantization.mixed import (
    Harm,
    fewest_bits,
    sensitivity,
    with_bits,
    with_one_scale,
)
from labcode.quantization.modules import quant_layers
from labcode.quantization.packing import (
    PackedLayer,
    PackingError,
    pack_bits,
    pack_model,
    unpack_bits,
    unpack_layers,
    unpack_model,
)
from labcode.quantization.ranges import METHODS, find_range, weight_magnitudes
from labcode.quantization.saturation import saturated_product
from labcode.quantization.unfolded import left_unfolded
from labcode.quantization.weight_sharing import (
    SharedWeights,
    centroid_training,
    initial_centroids,
    kmeans,
    left_unshared,
    nearest,
    share_weights,
)

__all__ = [
    "METHODS",
    "CappedReLU",
    "FakeQuantizer",
    "Harm",
    "IntegerLayer",
    "IntegerNetwork",
    "IntegerWeights",
    "PackedLayer",
    "PackingError",
    "QuantError",
    "QuantParams",
    "SharedWeights",
    "SignQuantizer",
    "Step",
    "affine_params",
    "binary",
    "capped",
    "centroid_training",
    "chain",
    "correct_bias",
    "equalize",
    "fewest_bits",
    "find_range",
    "fixed_point",
    "fold_batch_norm",
    "folded_weights",
    "initial_centroids",
    "integer_range",
    "integer_weights",
    "kmeans",
    "learn_rounding",
    "left_unfolded",
    "left_unshared",
    "nearest",
    "pack_bits",
    "pack_model",
    "quant_error",
    "quant_layers",
    "quantize_model",
    "rescale",
    "saturated_product",
    "sensitivity",
    "share_weights",
    "straight_through",
    "symmetric_params",
    "ternary",
    "to_integer",
    "unpack_bits",
    "unpack_layers",
    "unpack_model",
    "weight_magnitudes",
    "with_bits",
    "with_one_scale",
]
