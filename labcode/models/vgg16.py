"""VGG-16: thirteen 3x3 convolutions and three linear layers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, check_windows

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # (filters, convolutions)


class VGG16(nn.Module):
    """Five stages of 3x3 convolutions, each followed by pooling; see `vgg16`."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        """Make the layers; `vgg16` documents the arguments."""
        super().__init__()
        self.in_channels = in_channels
        self.features = nn.Sequential()
        channels = in_channels
        for stage, (filters, repeats) in enumerate(STAGES, start=1):
            for number in range(1, repeats + 1):
                conv = nn.Conv2d(channels, filters, 3, padding=1)
                self.features.add_module(f"conv{stage}_{number}", conv)
                self.features.add_module(f"relu{stage}_{number}", nn.ReLU())
                channels = filters
            self.features.add_module(f"pool{stage}", nn.MaxPool2d(2))
        self.resize = nn.AdaptiveAvgPool2d(7)  # changes nothing at 224 pixels
        self.dropout = nn.Dropout(0.5)
        self.fc6 = nn.Linear(channels * 7 * 7, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, num_classes)
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # each layer has a bias

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.in_channels)  # (N, 3, 224, 224)
        check_windows(x, self, [f"features.pool{stage}" for stage in range(1, 6)])
        x = self.features(x)  # 64 x 112 x 112, 128 x 56 x 56, 256 x 28 x 28, ... (N, 512, 7, 7)
        x = self.resize(x).flatten(1)  # (N, 25088)
        x = self.dropout(F.relu(self.fc6(x)))  # (N, 4096)
        x = self.dropout(F.relu(self.fc7(x)))  # (N, 4096)
        return self.fc8(x)  # type: ignore[no-any-return]  # (N, 1000)


def vgg16(*, num_classes: int = 1000, in_channels: int = 3) -> VGG16:
    """Return an untrained VGG-16, configuration D.

    It has 138,357,544 parameters, and on 3x224x224 it does 15,470,264,320 MACs. Images must
    have at least 32 pixels a side; the last map is averaged to 7 x 7.

    Weights start by Glorot's rule, uniform, and biases at zero: the paper trained a smaller
    network first, and says that this rule makes that unnecessary.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: Simonyan and Zisserman, "Very deep convolutional networks" (arXiv:1409.1556),
        Table 1 and section 3.1.

    >>> import labcode, torch
    >>> with torch.device("meta"):  # no memory for 138 million weights
    ...     found = labcode.count(vgg16())
    >>> found.params, found.macs
    (138357544, 15470264320)
    """
    return VGG16(check_int("num_classes", num_classes), check_int("in_channels", in_channels))
