"""A small convolutional network with batch normalisation, for what LeNet-5 does not have."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from labcode import cost
from labcode._checks import IntOrPair, Pair, check_int, check_pair
from labcode.models.lenet5 import check_images

WIDTHS = (16, 32, 64)


class SmallCNN(nn.Module):
    """Three blocks of convolution, batch norm and ReLU; `small_cnn` says what it is made of."""

    def __init__(
        self, num_classes: int, in_channels: int, input_size: Pair, widths: Sequence[int]
    ) -> None:
        """Make the layers; `small_cnn` documents the arguments."""
        super().__init__()
        first, second, third = widths
        height, width = _map_size(input_size)
        self.input_shape = (in_channels, *input_size)
        self.conv1 = nn.Conv2d(in_channels, first, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(second)
        self.conv3 = nn.Conv2d(second, third, kernel_size=3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(third)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(third * height * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_images(x, self.input_shape)  # (N, 1, 28, 28)
        x = self.pool(F.relu(self.bn1(self.conv1(x))))  # (N, 16, 14, 14)
        x = self.pool(F.relu(self.bn2(self.conv2(x))))  # (N, 32, 7, 7)
        x = self.pool(F.relu(self.bn3(self.conv3(x))))  # (N, 64, 3, 3)
        return self.fc(x.flatten(1))  # type: ignore[no-any-return]  # (N, 10)


def small_cnn(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    input_size: IntOrPair = 28,
    widths: Sequence[int] = WIDTHS,
) -> SmallCNN:
    """Return an untrained small CNN: conv-BN-ReLU-pool three times, then one linear layer.

    The convolutions are 3x3 with 16, 32 and 64 filters, or ``widths``, and have no bias, since
    batch norm has one. On 1x28x28 it has 29,178 parameters and 1,924,992 MACs. Weights start as
    PyTorch's do.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        input_size: Height and width of the images, in pixels, at least 8.
        widths: Filters of the three convolutions.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range, there are not three widths, or the images are too
            small for the layers.

    >>> import torch
    >>> model = small_cnn()
    >>> sum(p.numel() for p in model.parameters())
    29178
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    if len(widths) != len(WIDTHS):
        raise ValueError(f"widths must be three numbers, got {widths!r}")
    return SmallCNN(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_pair("input_size", input_size),
        [check_int(f"widths[{place}]", width) for place, width in enumerate(widths)],
    )


def _map_size(input_size: Pair) -> Pair:
    """Return the size of the last feature map; refuse images that leave none."""
    if min(input_size) < 8:
        raise ValueError(
            f"input_size must be at least 8 x 8 for three 2x2 poolings, "
            f"got {input_size[0]} x {input_size[1]}"
        )
    size = input_size
    for _ in WIDTHS:
        size = cost.conv_output_size(size, 2, stride=2)
    return size
