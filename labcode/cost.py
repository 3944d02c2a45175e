"""What a layer costs, by formula: parameters, multiply-adds and output size.

The convention of the whole course: ``macs`` is the number of multiply-adds of convolutions
and linear layers for one image, and ``flops`` is exactly ``2 * macs``. Bias, normalisation,
activation and pooling are not counted as multiply-adds.

Pure Python: the same functions run in a notebook, in the tests and in the reader's browser.
Sizes, kernels, strides, paddings and dilations are an int or a pair (height, width).
"""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import IntOrPair, Pair, check_bool, check_int, check_pair
from labcode._windows import conv_output_size, pool_output_size

__all__ = [
    "Cost",
    "conv2d",
    "conv_output_size",
    "depthwise_separable",
    "linear",
    "locally_connected2d",
    "pool2d",
]


@dataclass(frozen=True)
class Cost:
    """The cost of a layer, or of layers that run one after the other.

    Adding two costs adds their parameters and their multiply-adds. The sum has the
    ``output_size`` of the right operand, since that is the layer that runs last.

    Args:
        params: Number of parameters (weights and biases).
        macs: Multiply-adds for one image.
        output_size: Height and width of the output, or None where the output is not a map.

    Raises:
        TypeError: A number is not an integer, or ``output_size`` is not a pair.
        ValueError: A number is negative, or an output size is below 1.

    >>> Cost(params=27, macs=243, output_size=(3, 3)) + Cost(12, 108, (3, 3))
    Cost(params=39, macs=351, output_size=(3, 3))
    >>> sum([Cost(10, 20), Cost(1, 2), Cost(3, 4)]).flops
    52
    """

    params: int
    macs: int
    output_size: Pair | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be a cost."""
        check_int("params", self.params, minimum=0)
        check_int("macs", self.macs, minimum=0)
        if self.output_size is not None:
            pair = check_pair("output_size", self.output_size)
            object.__setattr__(self, "output_size", pair)

    @property
    def flops(self) -> int:
        """Floating-point operations for one image: exactly ``2 * macs``."""
        return 2 * self.macs

    def __add__(self, other: object) -> Cost:
        """Return the cost of this layer followed by ``other``."""
        if not isinstance(other, Cost):
            return NotImplemented
        return Cost(self.params + other.params, self.macs + other.macs, other.output_size)

    def __radd__(self, other: object) -> Cost:
        """Accept the 0 that ``sum()`` starts from, and nothing else."""
        if type(other) is int and other == 0:
            return self
        return NotImplemented


def conv2d(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    input_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    bias: bool = False,
) -> Cost:
    """Return the cost of a 2-D convolution.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output, one filter each.
        kernel_size: Height and width of a filter, in pixels.
        input_size: Height and width of the input, in pixels.
        stride: Step of the filter, in pixels.
        padding: Zero pixels added on each side.
        dilation: Distance between the pixels that one filter reads.
        groups: Number of groups; each output channel sees ``in_channels / groups`` channels.
        bias: Whether each output channel has a bias.

    Returns:
        The cost for one image; ``output_size`` in pixels.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range, the kernel is larger than the padded input,
            or ``groups`` does not divide the channels.

    Source: torch.nn.Conv2d.

    >>> conv2d(3, 4, kernel_size=3, input_size=5)
    Cost(params=108, macs=972, output_size=(3, 3))
    """
    c_in = check_int("in_channels", in_channels)
    c_out = check_int("out_channels", out_channels)
    split = check_int("groups", groups)
    for name, channels in (("in_channels", c_in), ("out_channels", c_out)):
        if channels % split:
            raise ValueError(f"groups must divide {name}, got groups={split} and {name}={channels}")
    has_bias = check_bool("bias", bias)
    kernel = check_pair("kernel_size", kernel_size)
    height, width = conv_output_size(
        input_size, kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    weights = c_out * (c_in // split) * kernel[0] * kernel[1]
    return Cost(weights + has_bias * c_out, weights * height * width, (height, width))


def linear(in_features: int, out_features: int, *, bias: bool = True) -> Cost:
    """Return the cost of a fully connected layer.

    Args:
        in_features: Length of the input.
        out_features: Length of the output.
        bias: Whether each output has a bias.

    Returns:
        The cost for one image; ``output_size`` is None.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number of features is below 1.

    Source: torch.nn.Linear.

    >>> linear(800, 500)
    Cost(params=400500, macs=400000, output_size=None)
    """
    weights = check_int("in_features", in_features) * check_int("out_features", out_features)
    return Cost(weights + check_bool("bias", bias) * int(out_features), weights, None)


def depthwise_separable(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    input_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    bias: bool = False,
) -> Cost:
    """Return the cost of a depthwise convolution followed by a 1x1 (pointwise) one.

    Args:
        in_channels: Channels of the input; each has its own depthwise filter.
        out_channels: Channels of the output of the pointwise convolution.
        kernel_size: Height and width of a depthwise filter, in pixels.
        input_size: Height and width of the input, in pixels.
        stride: Step of the depthwise filter, in pixels.
        padding: Zero pixels added on each side before the depthwise convolution.
        bias: Whether both convolutions have biases.

    Returns:
        The cost of both for one image; ``output_size`` in pixels.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range or the kernel is larger than the padded input.

    Source: MobileNets (arXiv:1704.04861), section 3.1.

    >>> depthwise_separable(3, 4, kernel_size=3, input_size=5)  # 27 + 12 and 243 + 108
    Cost(params=39, macs=351, output_size=(3, 3))
    """
    depthwise = conv2d(
        in_channels,
        in_channels,
        kernel_size,
        input_size,
        stride=stride,
        padding=padding,
        groups=in_channels,
        bias=bias,
    )
    assert depthwise.output_size is not None
    return depthwise + conv2d(in_channels, out_channels, 1, depthwise.output_size, bias=bias)


def locally_connected2d(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    input_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    bias: bool = False,
) -> Cost:
    """Return the cost of a convolution whose weights are not shared between places.

    It does the work of a convolution, but each place of the output has filters of its own.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Height and width of a filter, in pixels.
        input_size: Height and width of the input, in pixels.
        stride: Step from one place to the next, in pixels.
        padding: Zero pixels added on each side.
        bias: Whether each output value has a bias of its own.

    Returns:
        The cost for one image; ``output_size`` in pixels.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range or the kernel is larger than the padded input.

    Source: Keras' LocallyConnected2D (implementation 1).

    >>> locally_connected2d(3, 4, kernel_size=3, input_size=5)  # 9 places x 108 weights
    Cost(params=972, macs=972, output_size=(3, 3))
    """
    shared = conv2d(
        in_channels, out_channels, kernel_size, input_size, stride=stride, padding=padding
    )
    assert shared.output_size is not None
    places = shared.output_size[0] * shared.output_size[1]
    biases = check_bool("bias", bias) * int(out_channels) * places
    return Cost(shared.macs + biases, shared.macs, shared.output_size)


def pool2d(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
) -> Cost:
    """Return the cost of a pooling layer: no parameters, no multiply-adds.

    Args:
        input_size: Height and width of the input, in pixels.
        kernel_size: Height and width of the window, in pixels.
        stride: Step of the window, in pixels; None means the kernel size.
        padding: Pixels added on each side, at most half of the window.
        ceil_mode: Whether a last window may reach over the far edge.

    Returns:
        A cost of zero; ``output_size`` in pixels.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range, the padding is more than half of the window,
            or no window fits.

    Source: torch.nn.MaxPool2d, section "Shape".

    >>> pool2d(28, 2)
    Cost(params=0, macs=0, output_size=(14, 14))
    >>> pool2d(7, 2, ceil_mode=True).output_size
    (4, 4)
    """
    size = pool_output_size(
        input_size, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode
    )
    return Cost(0, 0, size)
