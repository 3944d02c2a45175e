"""LeNet-5, in the form that the papers on compression use."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import cost
from labcode._checks import IntOrPair, Pair, check_int, check_pair


class LeNet5(nn.Module):
    """A convolutional network for small images; `lenet5` says what it is made of."""

    def __init__(self, num_classes: int, in_channels: int, input_size: Pair) -> None:
        """Make the layers; `lenet5` documents the arguments."""
        super().__init__()
        height, width = _map_size(input_size)
        self.input_shape = (in_channels, *input_size)
        self.conv1 = nn.Conv2d(in_channels, 20, kernel_size=5)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(20, 50, kernel_size=5)
        self.pool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(50 * height * width, 500)
        self.fc2 = nn.Linear(500, num_classes)
        init_like_caffe(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_images(x, self.input_shape)  # (N, 1, 28, 28)
        x = self.pool1(self.conv1(x))  # (N, 20, 24, 24) -> (N, 20, 12, 12)
        x = self.pool2(self.conv2(x))  # (N, 50, 8, 8) -> (N, 50, 4, 4)
        x = x.flatten(1)  # (N, 800)
        x = F.relu(self.fc1(x))  # (N, 500)
        return self.fc2(x)  # type: ignore[no-any-return]  # (N, 10)


def lenet5(*, num_classes: int = 10, in_channels: int = 1, input_size: IntOrPair = 28) -> LeNet5:
    """Return an untrained LeNet-5, as Caffe has it.

    Two 5x5 convolutions with 20 and 50 filters, each followed by 2x2 max pooling, then two
    linear layers with a ReLU between them. It differs from LeCun's network of 1998 (fewer
    filters, trainable subsampling, Gaussian outputs), and it is the "LeNet-5" of the papers
    on pruning and quantization. On 1x28x28 it has 431,080 parameters and 2,293,000 MACs.

    Weights start uniform in ±sqrt(3 / fan_in) and biases at zero (Caffe's "xavier" filler),
    drawn from PyTorch's random numbers.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        input_size: Height and width of the images, in pixels, at least 16.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range, or the images are too small for the layers.

    Source: Caffe, examples/mnist/lenet_train_test.prototxt.

    >>> model = lenet5()
    >>> sum(p.numel() for p in model.parameters())
    431080
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    return LeNet5(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_pair("input_size", input_size),
    )


def _map_size(input_size: Pair) -> Pair:
    """Return the size of the last feature map; refuse images that leave none."""
    size = input_size
    try:
        for _ in range(2):
            size = cost.conv_output_size(size, 5)
            size = cost.conv_output_size(size, 2, stride=2)
    except ValueError:
        raise ValueError(
            f"input_size must be at least 16 x 16 for LeNet-5's two 5x5 convolutions and "
            f"2x2 poolings, got {input_size[0]} x {input_size[1]}"
        ) from None
    return size


def check_images(x: Tensor, expected: tuple[int, int, int]) -> None:
    """Refuse images that the network was not made for.

    Raises:
        ValueError: ``x`` is not (N, *expected).
    """
    if tuple(x.shape[1:]) != expected:
        shape = ", ".join(str(n) for n in expected)
        raise ValueError(f"x must have the shape (N, {shape}), got {tuple(x.shape)}")


@torch.no_grad()
def init_like_caffe(model: nn.Module) -> None:
    """Start weights uniform in ±sqrt(3 / fan_in) and biases at zero.

    This keeps the variance of the values as they pass through a layer without a ReLU.
    """
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            bound = math.sqrt(3 / layer.weight[0].numel())
            layer.weight.uniform_(-bound, bound)
            if layer.bias is not None:
                layer.bias.zero_()
