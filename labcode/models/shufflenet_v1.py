"""ShuffleNet v1: grouped 1x1 convolutions, and a shuffle that lets the groups talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_bool, check_choice, check_int, check_number
from labcode.models._parts import check_batch, init_he

STAGE2 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # groups -> output channels of stage 2
STEM = 24  # filters of conv1
Excite = Callable[[int], nn.Module]  # channels -> a layer that keeps the shape


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Deal the channels of each group out over all groups: reshape, transpose, flatten.

    Channel i of n = channels / groups in group j moves to place i * groups + j.

    Args:
        x: Maps (N, C, H, W), group by group.
        groups: Number of groups; it must divide C.

    Returns:
        The same maps (N, C, H, W) in another order.

    Raises:
        TypeError: ``groups`` is not an integer.
        ValueError: ``x`` has not four dimensions, or ``groups`` does not divide its channels.

    Source: Zhang et al., "ShuffleNet" (arXiv:1707.01083), section 3.1.

    >>> channel_shuffle(torch.arange(6.0).reshape(1, 6, 1, 1), groups=2).flatten().tolist()
    [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
    """
    if x.dim() != 4:
        raise ValueError(f"x must have the shape (N, C, H, W), got {tuple(x.shape)}")
    n, channels, height, width = x.shape
    if channels % check_int("groups", groups):
        raise ValueError(f"groups must divide the channels, got groups={groups} and {channels}")
    x = x.reshape(n, groups, channels // groups, height, width)  # (N, g, n, H, W)
    x = x.transpose(1, 2)  # (N, n, g, H, W)
    return x.reshape(n, channels, height, width)  # (N, C, H, W)


class ShuffleUnit(nn.Module):
    """Grouped 1x1, shuffle, depthwise 3x3, grouped 1x1, beside a shortcut.

    With stride 1 the shortcut is added; with stride 2 it is average-pooled and concatenated,
    so that the branch only makes ``out_channels - in_channels`` maps.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        groups: int,
        *,
        first_groups: int,
        shuffle: bool = True,
        excite: Excite | None = None,
    ) -> None:
        """Make the layers.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output; the bottleneck has a quarter of them.
            stride: 1, or 2 to halve the map.
            groups: Groups of the 1x1 convolutions.
            first_groups: Groups of the first of them, 1 where the input has few channels.
            shuffle: Whether the channels are shuffled behind it.
            excite: Makes a layer for the end of the branch, if given.
        """
        super().__init__()
        hidden = out_channels // 4
        branch = out_channels - in_channels if stride == 2 else out_channels
        self.stride = stride
        self.groups = groups if shuffle else 1
        self.conv1 = nn.Conv2d(in_channels, hidden, 1, groups=first_groups, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, branch, 1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(branch)
        self.excite = None if excite is None else excite(branch)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        y = F.relu(self.bn1(self.conv1(x)))  # (N, out_channels / 4, H, W)
        y = channel_shuffle(y, self.groups) if self.groups > 1 else y
        y = self.bn2(self.depthwise(y))  # (N, out_channels / 4, H / stride, W / stride)
        y = self.bn3(self.conv3(y))
        y = y if self.excite is None else self.excite(y)
        if self.stride == 1:
            return F.relu(x + y)  # (N, out_channels, H, W)
        around = F.avg_pool2d(x, 3, stride=2, padding=1)  # (N, in_channels, H / 2, W / 2)
        return F.relu(torch.cat([around, y], dim=1))  # (N, out_channels, H / 2, W / 2)


class ShuffleNetV1(nn.Module):
    """A stem, three stages of shuffle units and a classifier; see `shufflenet_v1`."""

    stage2: nn.Sequential
    stage3: nn.Sequential
    stage4: nn.Sequential

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        groups: int,
        scale: float,
        shuffle: bool,
        repeats: Sequence[int],
        stem_channels: int,
        excite: Excite | None = None,
    ) -> None:
        """Make the layers; `shufflenet_v1` documents the arguments.

        ``excite``, if given, makes a layer that stands at the end of each unit's branch.
        """
        super().__init__()
        channels = stem_channels
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        for stage, units in enumerate(repeats, start=2):
            out_channels = round(STAGE2[groups] * scale) * 2 ** (stage - 2)
            _check_widths(f"stage{stage}", channels, out_channels, groups, scale)
            blocks = nn.Sequential()
            for number in range(units + 1):
                unit = ShuffleUnit(
                    channels,
                    out_channels,
                    stride=1 if number else 2,
                    groups=groups,
                    first_groups=1 if stage == 2 and not number else groups,
                    shuffle=shuffle,
                    excite=excite,
                )
                blocks.append(unit)
                channels = out_channels
            self.add_module(f"stage{stage}", blocks)
        self.fc = nn.Linear(channels, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 224, 224)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 24, 112, 112)
        x = self.pool(x)  # (N, 24, 56, 56)
        x = self.stage2(x)  # (N, 240, 28, 28)
        x = self.stage3(x)  # (N, 480, 14, 14)
        x = self.stage4(x)  # (N, 960, 7, 7)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 1000)


def _check_widths(
    stage: str, in_channels: int, out_channels: int, groups: int, scale: float
) -> None:
    """Refuse a stage whose widths the groups do not divide."""
    widths = {
        "the bottleneck (a quarter of the output channels)": out_channels / 4,
        "the branch with stride 2 (output minus input channels)": out_channels - in_channels,
    }
    for name, width in widths.items():
        if width <= 0 or width % groups:
            raise ValueError(
                f"scale {scale:g} with groups {groups} does not work: in {stage}, {name} "
                f"would have {width:g} channels, which {groups} groups do not divide"
            )


def shufflenet_v1(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    groups: int = 3,
    scale: float = 1.0,
    shuffle: bool = True,
    repeats: Sequence[int] = (3, 7, 3),
    stem_channels: int | None = None,
) -> ShuffleNetV1:
    """Return an untrained ShuffleNet v1 ("scale x" in the paper).

    A 3x3 convolution and a max pooling, each with stride 2, three stages that start with a
    unit of stride 2, average pooling and a linear layer. More groups make the 1x1 convolutions
    cheaper, and the paper spends that on more channels. The first 1x1 convolution of stage 2
    is not grouped, since its input has few channels. Any size of images works.

    With groups 3 it has 1,865,728 parameters, and on 3x224x224 it does 137,460,672 MACs.
    Weights start by He's rule, since the paper names none; its linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        scale: The paper's s: the channels of all layers are multiplied by it.
        shuffle: Whether channels are shuffled between the groups.
        repeats: Units with stride 1 in stages 2, 3 and 4.
        stem_channels: Filters of conv1; None is 24 times ``scale``, rounded. (The authors'
            own 1.5x network keeps 24.)

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or the groups do not divide the scaled widths
            (some of the paper's own settings; the message names the layer).

    Source: Zhang et al., "ShuffleNet" (arXiv:1707.01083), Table 1 and Figure 2.

    >>> import labcode
    >>> found = labcode.count(shufflenet_v1())
    >>> found.params, found.macs
    (1865728, 137460672)
    """
    check_choice("groups", check_int("groups", groups), STAGE2)
    units = [check_int("repeats", number, minimum=0) for number in repeats]
    if len(units) != 3:
        raise ValueError(f"repeats must hold one number for each of 3 stages, got {repeats!r}")
    factor = check_number("scale", scale, above=0)
    stem = max(1, round(STEM * factor)) if stem_channels is None else stem_channels
    return ShuffleNetV1(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        groups,
        factor,
        check_bool("shuffle", shuffle),
        units,
        check_int("stem_channels", stem),
    )
