"""A small chain of convolutions with an exit behind each of its four stages."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from labcode._checks import check_int
from labcode.models.exit_network import ExitNetwork, Features, Head, conv_bn_relu

CHANNELS = (8, 16, 32, 32)
STRIDES = (2, 2, 1, 1)  # of the first convolution of each stage


class ChainStage(nn.Module):
    """Two convolutions, each with batch norm and ReLU; the first may halve the map."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        """Make the layers."""
        super().__init__()
        self.first = conv_bn_relu(in_channels, out_channels, stride)
        self.second = conv_bn_relu(out_channels, out_channels)

    def forward(self, features: Features) -> Features:
        """Turn one map into one map."""
        (x,) = features  # (N, C, H, W)
        return (self.second(self.first(x)),)


class ExitCNN(ExitNetwork):
    """Four stages of two convolutions, an exit behind each; see `exit_cnn`."""


def exit_cnn(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    input_size: int = 28,
    channels: Sequence[int] = CHANNELS,
    grid: int = 3,
) -> ExitCNN:
    """Return an untrained chain of four stages with four exits.

    The maps of a 28 x 28 image are 14 x 14 in the first stage and 7 x 7 in the others. An exit
    pools its map to ``grid`` x ``grid`` means and has one linear layer. Weights start as
    PyTorch's do. Up to each exit, the default network takes 127,728, 298,512, 978,768 and
    1,884,816 MACs.

    Args:
        num_classes: Number of outputs of each exit.
        in_channels: Channels of the images.
        input_size: Height and width of the images, in pixels, at least 12.
        channels: Filters of each stage.
        grid: Means a side that an exit looks at, 1 to 3.

    Returns:
        The network, in training mode; called like any other it gives the last exit's logits.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range, or there are not four widths.

    Source: BranchyNet (arXiv:1709.01686) put exits on LeNet, AlexNet and ResNet in this way.

    >>> import torch
    >>> network = exit_cnn()
    >>> network(torch.zeros(2, 1, 28, 28)).shape, len(network.exits)
    (torch.Size([2, 10]), 4)
    """
    classes, inputs = check_int("num_classes", num_classes), check_int("in_channels", in_channels)
    size = check_int("input_size", input_size, minimum=12)
    if check_int("grid", grid) > 3:
        raise ValueError(f"grid must be from 1 to 3, got {grid!r}")
    if len(channels) != len(STRIDES):
        raise ValueError(f"channels must hold {len(STRIDES)} widths, got {tuple(channels)}")
    shape = (inputs, size, size)
    stages, exits = [], []
    for index, (width, stride) in enumerate(zip(channels, STRIDES, strict=True)):
        check_int(f"channels[{index}]", width)
        stages.append(ChainStage(inputs, width, stride))
        size = -(-size // stride)
        exits.append(Head(width, size, grid, classes))
        inputs = width
    return ExitCNN(stages, exits, shape)
