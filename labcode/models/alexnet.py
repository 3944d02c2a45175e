"""AlexNet: the network that the papers on compression start from."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice, check_int
from labcode.models._parts import check_batch, check_windows


class _Variant(NamedTuple):
    channels: tuple[int, int, int, int, int]  # filters of conv1 ... conv5
    padding: int  # of conv1
    groups: int  # of conv2, conv4 and conv5
    normalise: bool  # local response normalisation behind conv1 and conv2
    drop_inputs: bool  # dropout in front of fc6 and fc7, not behind them


VARIANTS = {
    "grouped": _Variant((96, 256, 384, 384, 256), 0, groups=2, normalise=True, drop_inputs=False),
    "ungrouped": _Variant((96, 256, 384, 384, 256), 0, groups=1, normalise=True, drop_inputs=False),
    "torchvision": _Variant((64, 192, 384, 256, 256), 2, 1, normalise=False, drop_inputs=True),
}


class AlexNet(nn.Module):
    """Five convolutions and three linear layers; see `alexnet`."""

    def __init__(self, num_classes: int, in_channels: int, variant: str) -> None:
        """Make the layers; `alexnet` documents the arguments."""
        super().__init__()
        (c1, c2, c3, c4, c5), padding, groups, normalise, self.drop_inputs = VARIANTS[variant]
        self.conv1 = nn.Conv2d(in_channels, c1, 11, stride=4, padding=padding)
        self.conv2 = nn.Conv2d(c1, c2, 5, padding=2, groups=groups)
        self.conv3 = nn.Conv2d(c2, c3, 3, padding=1)
        self.conv4 = nn.Conv2d(c3, c4, 3, padding=1, groups=groups)
        self.conv5 = nn.Conv2d(c4, c5, 3, padding=1, groups=groups)
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.pool5 = nn.MaxPool2d(3, stride=2)
        # Krizhevsky's k = 2, alpha = 1e-4 for a sum; PyTorch divides alpha by the size.
        norm = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
        self.norm = norm if normalise else None
        self.resize = nn.AdaptiveAvgPool2d(6)  # changes nothing at 227 pixels (224: torchvision)
        self.dropout = nn.Dropout(0.5)
        self.fc6 = nn.Linear(c5 * 6 * 6, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, num_classes)
        self._init()

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 227, 227)
        check_windows(x, self, ("conv1", "pool1", "conv2", "pool2", "conv3", "pool5"))
        x = self.pool1(self._normalised(F.relu(self.conv1(x))))  # (N, 96, 55, 55) -> 27 x 27
        x = self.pool2(self._normalised(F.relu(self.conv2(x))))  # (N, 256, 27, 27) -> 13 x 13
        x = F.relu(self.conv3(x))  # (N, 384, 13, 13)
        x = F.relu(self.conv4(x))  # (N, 384, 13, 13)
        x = self.pool5(F.relu(self.conv5(x)))  # (N, 256, 13, 13) -> (N, 256, 6, 6)
        x = self.resize(x).flatten(1)  # (N, 9216)
        x = F.relu(self.fc6(self.dropout(x) if self.drop_inputs else x))  # (N, 4096)
        x = F.relu(self.fc7(self.dropout(x)))  # (N, 4096)
        return self.fc8(x if self.drop_inputs else self.dropout(x))  # type: ignore[no-any-return]

    def _normalised(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)

    def _init(self) -> None:
        for name, layer in self.named_children():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(layer.weight, std=0.01)
                assert layer.bias is not None
                one = name in {"conv2", "conv4", "conv5", "fc6", "fc7"}
                nn.init.constant_(layer.bias, float(one))


def alexnet(*, num_classes: int = 1000, in_channels: int = 3, variant: str = "grouped") -> AlexNet:
    """Return an untrained AlexNet.

    - "grouped" is the original: conv2, conv4 and conv5 are split in two groups, one for each
      of its two GPUs. 60,965,224 parameters, 724,406,816 MACs on 3x227x227.
    - "ungrouped" is the same without the split: 62,378,344 parameters.
    - "torchvision" has fewer filters, no normalisation, pads conv1 by 2, and has its dropout
      in front of fc6 and fc7 instead of behind them: 61,100,840 parameters, 714,188,480 MACs
      on 3x224x224.

    The paper writes 224 x 224 pixels; its sizes need 227. Other images of at least 63 pixels a
    side (67 without padding) work: the last map is averaged to 6 x 6.

    Weights start from N(0, 0.01); biases at 1 in conv2, conv4, conv5, fc6 and fc7, else at 0.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        variant: "grouped", "ungrouped" or "torchvision".

    Returns:
        The network, in training mode.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is below 1, or there is no such variant.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural
        networks" (2012), sections 3.5 and 5; the "torchvision" variant: Krizhevsky, "One weird
        trick" (arXiv:1404.5997).

    >>> import labcode
    >>> found = labcode.count(alexnet(), (3, 227, 227))
    >>> found.params, found.macs
    (60965224, 724406816)
    """
    return AlexNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_choice("variant", variant, VARIANTS),
    )
