"""Network in Network: 1x1 convolutions behind each convolution, and no linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from labcode._checks import check_int
from labcode.models._parts import check_batch, check_windows


def mlpconv(in_channels: int, channels: tuple[int, int, int], kernel_size: int) -> nn.Sequential:
    """Return a convolution and two 1x1 convolutions, each with a ReLU ("mlpconv").

    Args:
        in_channels: Channels of the input.
        channels: Filters of the three convolutions.
        kernel_size: Height and width of the first one's filters, padded to keep the size.

    Returns:
        The six layers.

    >>> len(mlpconv(3, (192, 160, 96), 5))
    6
    """
    first, second, third = channels
    return nn.Sequential(
        nn.Conv2d(in_channels, first, kernel_size, padding=kernel_size // 2),
        nn.ReLU(),
        nn.Conv2d(first, second, 1),
        nn.ReLU(),
        nn.Conv2d(second, third, 1),
        nn.ReLU(),
    )


class NIN(nn.Module):
    """Three mlpconv layers and global average pooling; see `nin`."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        """Make the layers; `nin` documents the arguments."""
        super().__init__()
        self.in_channels = in_channels
        self.mlpconv1 = mlpconv(in_channels, (192, 160, 96), 5)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)  # Caffe rounds up
        self.mlpconv2 = mlpconv(96, (192, 192, 192), 5)
        self.pool2 = nn.AvgPool2d(3, stride=2, ceil_mode=True)
        self.mlpconv3 = mlpconv(192, (192, 192, num_classes), 3)
        self.dropout = nn.Dropout(0.5)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.05)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # each layer has a bias

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.in_channels)  # (N, 3, 32, 32)
        check_windows(x, self, ("pool1", "pool2"))
        x = self.dropout(self.pool1(self.mlpconv1(x)))  # (N, 96, 16, 16)
        x = self.dropout(self.pool2(self.mlpconv2(x)))  # (N, 192, 8, 8)
        x = self.mlpconv3(x)  # (N, 10, 8, 8)
        return x.mean((2, 3))  # (N, 10)


def nin(*, num_classes: int = 10, in_channels: int = 3) -> NIN:
    """Return an untrained Network in Network, as the paper has it for CIFAR-10.

    With 10 classes it has 966,986 parameters, and on 3x32x32 it does 222,486,528 MACs. Images
    must have at least 4 pixels a side. Weights start from N(0, 0.05) and biases at zero.

    Args:
        num_classes: Number of outputs: one map each, which is averaged.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: Lin et al., "Network in network" (arXiv:1312.4400), section 3 and Figure 2; widths
        and initial weights: the authors' Caffe files for CIFAR-10.

    >>> import labcode
    >>> found = labcode.count(nin(), (3, 32, 32))
    >>> found.params, found.macs
    (966986, 222486528)
    """
    return NIN(check_int("num_classes", num_classes), check_int("in_channels", in_channels))
