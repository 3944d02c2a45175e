"""A SqueezeNet with four Fire modules, for digits: small enough to train hundreds of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice, check_int, check_number
from labcode.models._parts import check_batch, check_windows
from labcode.models.squeezenet import Bypass, Fire

CHANNELS = 8  # of the first convolution
EXPAND = (16, 16, 32, 32)  # output channels of fire2 ... fire5; twice SqueezeNet's step


class SmallSqueezeNet(nn.Module):
    """A convolution, four Fire modules and a convolution to the classes."""

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        squeeze_ratio: float,
        expand3x3_share: float,
        bypass: str | None,
    ) -> None:
        """Make the layers; `small_squeezenet` documents the arguments."""
        super().__init__()
        channels = CHANNELS
        self.conv1 = nn.Conv2d(in_channels, channels, 5, stride=4, padding=2)
        self.features = nn.Sequential()
        for number, expand in enumerate(EXPAND, start=2):
            if number == 4:
                self.features.add_module("pool3", nn.MaxPool2d(2, ceil_mode=True))
            expand3x3 = round(expand3x3_share * expand)
            squeeze = max(1, round(squeeze_ratio * expand))
            fire = Fire(channels, squeeze, expand - expand3x3, expand3x3)
            self.features.add_module(f"fire{number}", _around(fire, channels, bypass))
            channels = expand
        self.conv6 = nn.Conv2d(channels, num_classes, 1)
        _start(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 1, 28, 28)
        check_windows(x, self, ("conv1",))
        x = F.relu(self.conv1(x))  # (N, 8, 7, 7)
        x = self.features(x)  # (N, 32, 4, 4)
        x = self.conv6(x)  # (N, 10, 4, 4)
        return x.mean((2, 3))  # (N, 10)


def _around(fire: Fire, in_channels: int, bypass: str | None) -> nn.Module:
    """Return the module, with a way around it where this kind of bypass has one."""
    same = in_channels == fire.out_channels
    if bypass == "complex" or (bypass == "simple" and same):
        return Bypass(in_channels, fire, convolve=not same)
    return fire


@torch.no_grad()
def _start(model: nn.Module) -> None:
    """Start weights as He et al. do for ReLU, looking forward; the last layer's are small."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            assert layer.bias is not None
            layer.bias.zero_()
    last = model.get_submodule("conv6")
    assert isinstance(last, nn.Conv2d)
    nn.init.normal_(last.weight, std=0.05)


def small_squeezenet(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    squeeze_ratio: float = 0.125,
    expand3x3_share: float = 0.5,
    bypass: str | None = None,
) -> SmallSqueezeNet:
    """Return an untrained small relative of SqueezeNet, made of the same Fire modules.

    Unlike SqueezeNet it has four Fire modules, no dropout, and no ReLU behind the last
    convolution; weights start from a normal distribution with variance 2 / fan_in.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        squeeze_ratio: Squeeze filters over expand filters, more than 0; each module has at
            least one.
        expand3x3_share: Share of the expand filters that are 3x3, from 0 to 1.
        bypass: None; "simple": the input of fire3 and fire5 is added to the output;
            "complex": those of fire2 and fire4 too, through a 1x1 convolution.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range.

    Source: Iandola et al., "SqueezeNet" (arXiv:1602.07360), sections 3, 5 and 6.

    >>> import labcode
    >>> found = labcode.count(small_squeezenet(), (1, 28, 28))
    >>> found.params, found.macs
    (2486, 56504)
    """
    share = check_number("expand3x3_share", expand3x3_share, minimum=0)
    if share > 1:
        raise ValueError(f"expand3x3_share must be at most 1, got {expand3x3_share!r}")
    return SmallSqueezeNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_number("squeeze_ratio", squeeze_ratio, above=0),
        share,
        check_choice("bypass", bypass, (None, "simple", "complex")),
    )
