"""SE-ResNet, SE-Inception, SE-MobileNet, SE-ShuffleNet: known networks whose channels are weighed.

Each takes the settings of its excitations by name, as `SqueezeExcite` does: ``reduction`` (16),
``squeeze`` ("average"), ``gate`` ("sigmoid") and ``bias`` (True). What `SqueezeExcite` refuses,
they refuse.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from labcode._checks import check_choice, check_int, check_number
from labcode.models.bn_inception import BNInception
from labcode.models.mobilenet_v1 import MobileNetV1, SeparableBlock
from labcode.models.resnet import ResNet, bottleneck_resnet
from labcode.models.shufflenet_v1 import STAGE2, STEM, ShuffleNetV1
from labcode.models.squeeze_excite import SEResidual, SqueezeExcite


def se_resnet50(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    placement: str = "standard",
    stride_on: str = "1x1",
    **excitation: Any,
) -> ResNet:
    """Return an untrained SE-ResNet-50: ResNet-50 with a weight for each channel of each block.

    It has 28,088,024 parameters, and on 3x224x224 it does 3,860,488,192 MACs. The stride of a
    bottleneck is on its first 1x1 convolution, as in the network that the paper started from
    (`resnet50` has it on the 3x3 one unless asked).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        placement: "standard", "pre", "post" or "identity"; see `SEResidual`.
        stride_on: "1x1" or "3x3": the convolution that has the stride.
        excitation: Settings of `SqueezeExcite`.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or ``reduction`` is more than the channels.

    Source: Hu et al., "Squeeze-and-excitation networks" (arXiv:1709.01507), Table 1.

    >>> import labcode
    >>> found = labcode.count(se_resnet50())
    >>> found.params, found.macs
    (28088024, 3860488192)
    """
    return bottleneck_resnet(
        num_classes=num_classes,
        in_channels=in_channels,
        stride_on=stride_on,
        wrap=partial(SEResidual, placement=placement, **excitation),
    )


def se_mobilenet_v1(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    width_multiplier: float = 1.0,
    **excitation: Any,
) -> MobileNetV1:
    """Return an untrained SE-MobileNet: a weight for each channel behind each separable block.

    There is no shortcut, so there is only one placement.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        width_multiplier: Share of the channels of each layer, more than 0.
        excitation: Settings of `SqueezeExcite`.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or ``reduction`` is more than the channels.

    Source: Hu et al. (arXiv:1709.01507), Table 3.

    >>> import labcode
    >>> labcode.count(se_mobilenet_v1(bias=False)).params - 4_231_976
    479744
    """
    excite = partial(SqueezeExcite, **excitation)
    return MobileNetV1(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_number("width_multiplier", width_multiplier, above=0),
        5,
        SeparableBlock,
        excite,
    )


def se_shufflenet_v1(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    groups: int = 3,
    scale: float = 1.0,
    **excitation: Any,
) -> ShuffleNetV1:
    """Return an untrained SE-ShuffleNet v1: a weight for each channel at the end of each branch.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        scale: The channels of all layers are multiplied by it.
        excitation: Settings of `SqueezeExcite`.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or the groups do not divide the scaled widths.

    Source: Hu et al. (arXiv:1709.01507), Table 3; ShuffleNet (arXiv:1707.01083), Table 5.

    >>> len(se_shufflenet_v1().stage3)
    8
    """
    check_choice("groups", check_int("groups", groups), STAGE2)
    factor = check_number("scale", scale, above=0)
    return ShuffleNetV1(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        groups,
        factor,
        True,
        (3, 7, 3),
        max(1, round(STEM * factor)),
        partial(SqueezeExcite, **excitation),
    )


def se_inception(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    **excitation: Any,
) -> BNInception:
    """Return an untrained SE-Inception: BN-Inception, the channels of each block weighed.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        excitation: Settings of `SqueezeExcite`.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or ``reduction`` is more than the channels.

    Source: Hu et al., "Squeeze-and-excitation networks" (arXiv:1709.01507), Figure 2.

    >>> sum(isinstance(layer, SqueezeExcite) for layer in se_inception().modules())
    10
    """
    return BNInception(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        partial(SqueezeExcite, **excitation),
    )
