"""SE-ResNet, SE-MobileNet and SE-ShuffleNet: known networks whose channels are weighed."""

from __future__ import annotations

from functools import partial
from typing import Any

from labcode._checks import check_choice, check_int, check_number
from labcode.models.mobilenet_v1 import MobileNetV1, SeparableBlock
from labcode.models.resnet import BasicBlock, ResNet, bottleneck_resnet
from labcode.models.shufflenet_v1 import STAGE2, STEM, ShuffleNetV1
from labcode.models.squeeze_excite import SEResidual, SqueezeExcite


def se_resnet50(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    reduction: int = 16,
    placement: str = "standard",
    squeeze: str = "average",
    gate: str = "sigmoid",
    bias: bool = True,
    stride_on: str = "1x1",
) -> ResNet:
    """Return an untrained SE-ResNet-50: ResNet-50 with a weight for each channel of each block.

    It has 28,088,024 parameters, and on 3x224x224 it does 3,860,488,192 MACs. The stride of a
    bottleneck is on its first 1x1 convolution, as in the network that the paper started from
    (`resnet50` has it on the 3x3 one unless asked).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        reduction: The paper's r: the hidden layer has channels / r units.
        placement: "standard", "pre", "post" or "identity"; see `SEResidual`.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        bias: Whether the excitation's linear layers have biases.
        stride_on: "1x1" or "3x3": the convolution that has the stride.

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
    settings: dict[str, Any] = {
        "reduction": reduction,
        "squeeze": squeeze,
        "gate": gate,
        "bias": bias,
    }
    return bottleneck_resnet(
        num_classes=num_classes,
        in_channels=in_channels,
        stride_on=stride_on,
        wrap=partial(SEResidual, placement=placement, **settings),
    )


def se_resnet18(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    reduction: int = 16,
    placement: str = "standard",
    squeeze: str = "average",
    gate: str = "sigmoid",
    bias: bool = True,
) -> ResNet:
    """Return an untrained SE-ResNet-18, small enough to train; see `se_resnet50`.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        reduction: The paper's r: the hidden layer has channels / r units.
        placement: "standard", "pre", "post" or "identity"; see `SEResidual`.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        bias: Whether the excitation's linear layers have biases.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or ``reduction`` is more than the channels.

    Source: Hu et al. (arXiv:1709.01507), section 3.3.

    >>> import labcode
    >>> labcode.count(se_resnet18()).params - 11_689_512  # 2 / 16 of the squared widths, biases
    89080
    """
    settings: dict[str, Any] = {
        "reduction": reduction,
        "squeeze": squeeze,
        "gate": gate,
        "bias": bias,
    }
    return ResNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        BasicBlock,
        (2, 2, 2, 2),
        partial(SEResidual, placement=placement, **settings),
    )


def se_mobilenet_v1(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    width_multiplier: float = 1.0,
    reduction: int = 16,
    squeeze: str = "average",
    gate: str = "sigmoid",
    bias: bool = True,
) -> MobileNetV1:
    """Return an untrained SE-MobileNet: a weight for each channel behind each separable block.

    There is no shortcut, so there is only one placement.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        width_multiplier: Share of the channels of each layer, more than 0.
        reduction: The paper's r: the hidden layer has channels / r units.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        bias: Whether the excitation's linear layers have biases.

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
    excite = partial(SqueezeExcite, reduction=reduction, squeeze=squeeze, gate=gate, bias=bias)
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
    reduction: int = 16,
    squeeze: str = "average",
    gate: str = "sigmoid",
    bias: bool = True,
) -> ShuffleNetV1:
    """Return an untrained SE-ShuffleNet v1: a weight for each channel at the end of each branch.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        scale: The channels of all layers are multiplied by it.
        reduction: The paper's r: the hidden layer has channels / r units, rounded down.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        bias: Whether the excitation's linear layers have biases.

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
        partial(SqueezeExcite, reduction=reduction, squeeze=squeeze, gate=gate, bias=bias),
    )
