"""LeNet-300-100: the fully connected network beside LeNet-5."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import IntOrPair, Pair, check_int, check_pair
from labcode.models.lenet5 import check_images, init_like_caffe


class LeNet300100(nn.Module):
    """Three linear layers for small images; `lenet_300_100` says what it is made of."""

    def __init__(self, num_classes: int, in_channels: int, input_size: Pair) -> None:
        """Make the layers; `lenet_300_100` documents the arguments."""
        super().__init__()
        self.input_shape = (in_channels, *input_size)
        self.fc1 = nn.Linear(in_channels * input_size[0] * input_size[1], 300)
        self.fc2 = nn.Linear(300, 100)
        self.fc3 = nn.Linear(100, num_classes)
        init_like_caffe(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_images(x, self.input_shape)  # (N, 1, 28, 28)
        x = x.flatten(1)  # (N, 784)
        x = F.relu(self.fc1(x))  # (N, 300)
        x = F.relu(self.fc2(x))  # (N, 100)
        return self.fc3(x)  # type: ignore[no-any-return]  # (N, 10)


def lenet_300_100(
    *, num_classes: int = 10, in_channels: int = 1, input_size: IntOrPair = 28
) -> LeNet300100:
    """Return an untrained LeNet-300-100: hidden layers of 300 and 100 with ReLU.

    On 1x28x28 it has 266,610 parameters and 266,200 MACs. Weights start uniform in
    ±sqrt(3 / fan_in) and biases at zero, drawn from PyTorch's random numbers.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        input_size: Height and width of the images, in pixels.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range.

    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998),
        section III.C.3, with ReLU instead of its tanh.

    >>> import torch
    >>> model = lenet_300_100()
    >>> sum(p.numel() for p in model.parameters())
    266610
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    return LeNet300100(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_pair("input_size", input_size),
    )
