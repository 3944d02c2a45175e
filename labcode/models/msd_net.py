"""A small multi-scale dense network: coarse features from the first layer on, for early exits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.models.exit_network import ExitNetwork, Features, Head, conv_bn_relu

GROWTH, STEM = 8, 8
LAYERS = 2  # in a stage
STAGES = 4


class Stem(nn.Module):
    """The two scales of the image: half and a quarter of its size."""

    def __init__(self, in_channels: int, channels: int) -> None:
        """Make the layers, with so many channels at each scale."""
        super().__init__()
        self.fine = conv_bn_relu(in_channels, channels, stride=2)
        self.coarse = conv_bn_relu(channels, channels, stride=2)

    def forward(self, x: Tensor) -> Features:
        """Turn images (N, C, H, W) into a fine and a coarse map."""
        fine = self.fine(x)  # (N, 8, 14, 14)
        return fine, self.coarse(fine)  # and (N, 8, 7, 7)


class DenseLayer(nn.Module):
    """Adds channels at both scales; reads everything that was computed before.

    A layer without a fine part reads the coarse map alone: the last stages need no fine map.
    """

    def __init__(self, fine: int, coarse: int, growth: int) -> None:
        """Make the layers for maps with so many channels; ``fine`` 0 has no fine part."""
        super().__init__()
        half = growth // 2
        self.keep_fine = conv_bn_relu(fine, half) if fine else None
        self.down = conv_bn_relu(fine, half, stride=2) if fine else None
        self.keep_coarse = conv_bn_relu(coarse, half if fine else growth)

    def forward(self, features: Features) -> Features:
        """Append channels to each map."""
        coarse = features[-1]
        new = [coarse, self.keep_coarse(coarse)]
        if self.keep_fine is None or self.down is None:
            return (torch.cat(new, 1),)
        fine = features[0]
        new.append(self.down(fine))
        return torch.cat([fine, self.keep_fine(fine)], 1), torch.cat(new, 1)


class DenseStage(nn.Module):
    """Some dense layers in a row; the first stage begins with the stem."""

    def __init__(self, stem: Stem | None, layers: list[DenseLayer]) -> None:
        """Keep the parts."""
        super().__init__()
        self.stem = stem
        self.layers = nn.ModuleList(layers)

    def forward(self, features: Features) -> Features:
        """Turn images, or the maps of the stage before, into more maps."""
        if self.stem is not None:
            features = self.stem(features[0])
        for layer in self.layers:
            features = layer(features)
        return features


class MSDNet(ExitNetwork):
    """A small multi-scale dense network; see `msd_net`."""


def msd_net(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    input_size: int = 28,
    growth: int = GROWTH,
    stem: int = STEM,
    grid: int = 3,
) -> MSDNet:
    """Return an untrained multi-scale dense network of four stages with four exits.

    Two ideas make it fit for exits. Each layer keeps a coarse map beside the fine one, so that
    even the first exit sees the image as a whole. And every layer reads all maps before it, so
    that a layer that served an early exit takes nothing from the later ones. The last two
    stages drop the fine map. This is a small form of the design, with two scales.

    Args:
        num_classes: Number of outputs of each exit.
        in_channels: Channels of the images.
        input_size: Height and width of the images, in pixels, at least 12.
        growth: Channels that a layer adds to the coarse map, even; to the fine map, half of it.
        stem: Channels of each map that the layers start from.
        grid: Means a side that an exit looks at, 1 to 3.

    Returns:
        The network, in training mode; called like any other it gives the last exit's logits.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range, or ``growth`` is odd.

    Source: Huang et al., "Multi-scale dense networks for resource efficient image
        classification" (arXiv:1703.09844), section 4.

    >>> network = msd_net()
    >>> network.all_logits(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([4, 2, 10])
    """
    classes, inputs = check_int("num_classes", num_classes), check_int("in_channels", in_channels)
    size = check_int("input_size", input_size, minimum=12)
    if check_int("grid", grid) > 3:
        raise ValueError(f"grid must be from 1 to 3, got {grid!r}")
    if check_int("growth", growth) % 2:
        raise ValueError(f"growth must be even, got {growth!r}")
    fine = coarse = check_int("stem", stem)
    small = (size + 3) // 4  # halved twice, rounded up
    stages, exits = [], []
    for number in range(STAGES):
        layers = []
        for _ in range(LAYERS):
            has_fine = number < STAGES // 2
            layers.append(DenseLayer(fine if has_fine else 0, coarse, growth))
            fine, coarse = fine + growth // 2 * has_fine, coarse + growth
        stages.append(DenseStage(Stem(inputs, stem) if number == 0 else None, layers))
        exits.append(Head(coarse, small, grid, classes))
    return MSDNet(stages, exits, (inputs, size, size))
