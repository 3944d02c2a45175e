"""Which networks stand on the clock, and how they are made: untrained, at their papers' sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Network:
    """A network at one size of its images.

    Args:
        id: How the tables say it.
        label: What people read.
        build: Makes the untrained network.
        pixels: Height and width of its images.
    """

    id: str
    label: str
    build: Callable[[], nn.Module]
    pixels: int = 224


def _model(name: str, **settings: object) -> Callable[[], nn.Module]:
    """Return what builds a network of `labcode.models`, which loads PyTorch only then."""

    def build() -> nn.Module:
        from labcode import models

        made: nn.Module = getattr(models, name)(**settings)
        return made

    return build


def se_resnet18() -> nn.Module:
    """Return ResNet-18 with a squeeze-and-excitation layer in each of its eight blocks."""
    from labcode.models.resnet import BasicBlock, ResNet
    from labcode.models.squeeze_excite import SEResidual

    wrap = partial(SEResidual, placement="standard")
    return ResNet(1000, 3, BasicBlock, (2, 2, 2, 2), wrap=wrap)


MOBILENET = Network("mobilenet", "MobileNet", _model("mobilenet_v1"))
STANDARD = Network("standard", "its standard twin", _model("mobilenet_v1", separable=False))
NARROW = tuple(
    Network(
        f"mobilenet_{percent}",
        f"MobileNet, α = {percent / 100:g}",
        _model("mobilenet_v1", width_multiplier=percent / 100),
    )
    for percent in (75, 50, 25)
)
LOW = tuple(
    Network(f"mobilenet_{pixels}_pixels", f"MobileNet, {pixels} pixels", MOBILENET.build, pixels)
    for pixels in (192, 160, 128)
)
SE_MOBILENET = Network("se_mobilenet", "MobileNet with SE", _model("se_mobilenet_v1"))
MOBILENET_V2 = Network("mobilenet_v2", "MobileNet v2", _model("mobilenet_v2"))
SQUEEZENET = Network("squeezenet_1_1", "SqueezeNet 1.1", _model("squeezenet", version="1.1"))
SHUFFLENET = Network("shufflenet", "ShuffleNet, 3 groups", _model("shufflenet_v1"))
RESNET18 = Network("resnet18", "ResNet-18", _model("resnet18"))
SE_RESNET18 = Network("se_resnet18", "ResNet-18 with SE", se_resnet18)
LITE0 = Network("efficientnet_lite0", "EfficientNet-Lite0", _model("efficientnet_lite"))
NETWORKS = (
    *(STANDARD, MOBILENET, *NARROW, *LOW, SE_MOBILENET),
    *(MOBILENET_V2, SQUEEZENET, SHUFFLENET, LITE0, RESNET18, SE_RESNET18),
)
WAITING = (MOBILENET, SQUEEZENET, SHUFFLENET, LITE0)  # with both ways to wait for work
