"""SqueezeNet: Fire modules that squeeze the channels before the 3x3 filters see them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice, check_int, check_number
from labcode.models._parts import check_batch, check_windows
from labcode.models.lenet5 import init_like_caffe

EXPAND = (128, 128, 256, 256, 384, 384, 512, 512)  # output channels of fire2 ... fire9
_POOL_BEFORE = {"1.0": (2, 5, 9), "1.1": (2, 4, 6)}  # the Fire modules behind a pooling


class Fire(nn.Module):
    """A 1x1 squeeze layer, then 1x1 and 3x3 expand filters side by side."""

    def __init__(self, in_channels: int, squeeze: int, expand1x1: int, expand3x3: int) -> None:
        """Make the layers.

        Args:
            in_channels: Channels of the input.
            squeeze: Filters of the 1x1 squeeze layer (the paper's s1x1).
            expand1x1: Filters of the 1x1 expand layer (e1x1); 0 leaves it out.
            expand3x3: Filters of the 3x3 expand layer (e3x3); 0 leaves it out.
        """
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand1x1, 1) if expand1x1 else None
        self.expand3x3 = nn.Conv2d(squeeze, expand3x3, 3, padding=1) if expand3x3 else None
        self.out_channels = expand1x1 + expand3x3

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, expand1x1 + expand3x3, H, W)."""
        x = F.relu(self.squeeze(x))  # (N, squeeze, H, W)
        parts = [expand(x) for expand in (self.expand1x1, self.expand3x3) if expand is not None]
        return F.relu(torch.cat(parts, dim=1))  # (N, expand1x1 + expand3x3, H, W)


class Bypass(nn.Module):
    """A Fire module whose input is added to its output, through a 1x1 convolution if asked."""

    def __init__(self, in_channels: int, fire: Fire, *, convolve: bool) -> None:
        """Put a way around ``fire``: its input as it is, or a 1x1 convolution of it."""
        super().__init__()
        self.fire = fire
        self.conv = nn.Conv2d(in_channels, fire.out_channels, 1) if convolve else None

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H, W)."""
        around = x if self.conv is None else self.conv(x)
        return around + self.fire(x)  # type: ignore[no-any-return]


class SqueezeNet(nn.Module):
    """A convolution, eight Fire modules and a convolution to the classes; see `squeezenet`."""

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        version: str,
        squeeze_ratio: float,
        expand3x3_share: float,
        bypass: str | None,
    ) -> None:
        """Make the layers; `squeezenet` documents the arguments."""
        super().__init__()
        channels, kernel = (96, 7) if version == "1.0" else (64, 3)
        self.conv1 = nn.Conv2d(in_channels, channels, kernel, stride=2)
        self.features = nn.Sequential()
        for number, expand in enumerate(EXPAND, start=2):
            if number in _POOL_BEFORE[version]:
                pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)  # Caffe rounds up
                self.features.add_module(f"pool{number - 1}", pool)
            fire = _fire(number, channels, expand, squeeze_ratio, expand3x3_share)
            self.features.add_module(f"fire{number}", _with_bypass(fire, channels, bypass))
            channels = expand
        self.dropout = nn.Dropout(0.5)
        self.conv10 = nn.Conv2d(channels, num_classes, 1)
        init_like_caffe(self)
        nn.init.normal_(self.conv10.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 227, 227)
        pools = [f"features.{name}" for name, _ in self.features.named_children() if "pool" in name]
        check_windows(x, self, ["conv1", *pools])
        x = F.relu(self.conv1(x))  # (N, 96, 111, 111)
        x = self.features(x)  # (N, 512, 13, 13)
        x = F.relu(self.conv10(self.dropout(x)))  # (N, 1000, 13, 13)
        return x.mean((2, 3))  # (N, 1000)


def _fire(
    number: int, in_channels: int, expand: int, squeeze_ratio: float, expand3x3_share: float
) -> Fire:
    squeeze = round(squeeze_ratio * expand)
    if squeeze < 1:
        raise ValueError(
            f"squeeze_ratio {squeeze_ratio:g} leaves fire{number} no squeeze filter: "
            f"it expands to {expand} channels, so the ratio must be at least {1 / expand:g}"
        )
    expand3x3 = round(expand3x3_share * expand)
    return Fire(in_channels, squeeze, expand - expand3x3, expand3x3)


def _with_bypass(fire: Fire, in_channels: int, bypass: str | None) -> nn.Module:
    """Return the module with a way around it, where this kind of bypass has one."""
    same = in_channels == fire.out_channels
    if bypass is None or (bypass == "simple" and not same):
        return fire
    return Bypass(in_channels, fire, convolve=not same)


def squeezenet(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    version: str = "1.0",
    squeeze_ratio: float = 0.125,
    expand3x3_share: float = 0.5,
    bypass: str | None = None,
) -> SqueezeNet:
    """Return an untrained SqueezeNet.

    Version 1.0 starts with 96 filters of 7x7 and pools behind conv1, fire4 and fire8; version
    1.1 starts with 64 filters of 3x3 and pools behind conv1, fire3 and fire5, which cuts the
    work by 2.4. There is no fully connected layer: conv10 has one filter a class, and its maps
    are averaged. With the default settings it has 1,248,424 parameters. Images must have at
    least 21 pixels a side for version 1.0 and 17 for 1.1; conv1 has no padding (the paper's
    111 x 111 map comes from 227 pixels).

    Weights start uniform in ±sqrt(3 / fan_in), conv10's from N(0, 0.01), biases at zero.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        version: "1.0" or "1.1".
        squeeze_ratio: Squeeze filters over expand filters (the paper's SR), more than 0.
        expand3x3_share: Share of the expand filters that are 3x3 (pct3x3), from 0 to 1.
        bypass: None; "simple": the input of fire3, 5, 7 and 9 is added to the output;
            "complex": the others also have a bypass, through a 1x1 convolution.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or leaves a Fire module without squeeze filters.

    Source: Iandola et al., "SqueezeNet" (arXiv:1602.07360), Tables 1 and 3, sections 5 and 6;
        version 1.1 and the initial weights: the authors' Caffe files.

    >>> import labcode
    >>> found = labcode.count(squeezenet(), (3, 227, 227))
    >>> found.params, found.macs
    (1248424, 832667936)
    """
    share = check_number("expand3x3_share", expand3x3_share, minimum=0)
    if share > 1:
        raise ValueError(f"expand3x3_share must be at most 1, got {expand3x3_share!r}")
    return SqueezeNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_choice("version", version, ("1.0", "1.1")),
        check_number("squeeze_ratio", squeeze_ratio, above=0),
        share,
        check_choice("bypass", bypass, (None, "simple", "complex")),
    )
