"""ResNet: blocks that add to their input what they compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice, check_int
from labcode.models._parts import check_batch, init_he

Wrap = Callable[[Any], nn.Module]  # puts something into a residual block


class Residual(nn.Module):
    """A block whose output is relu(branch(x) + shortcut(x))."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        """Make the shortcut: the input, or a 1x1 convolution where the shape changes."""
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.project = stride != 1 or in_channels != out_channels
        self._stride = stride

    def _make_shortcut(self) -> None:  # last, so that weights stand in torchvision's order
        if self.project:
            size = (self.in_channels, self.out_channels)
            self.conv0 = nn.Conv2d(*size, 1, self._stride, bias=False)
            self.bn0 = nn.BatchNorm2d(self.out_channels)

    def shortcut(self, x: Tensor) -> Tensor:
        """Bring the input (N, in_channels, H, W) to the shape of the branch."""
        return self.bn0(self.conv0(x)) if self.project else x

    def branch(self, x: Tensor) -> Tensor:
        """Compute what is added; each kind of block has its own layers."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        return F.relu(self.branch(x) + self.shortcut(x))


class BasicBlock(Residual):
    """Two 3x3 convolutions beside the shortcut."""

    expansion = 1

    def __init__(self, in_channels: int, channels: int, stride: int, **_: Any) -> None:
        """Make the layers; the first one has the stride."""
        super().__init__(in_channels, channels, stride)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self._make_shortcut()

    def branch(self, x: Tensor) -> Tensor:
        """Compute what is added to the shortcut."""
        x = F.relu(self.bn1(self.conv1(x)))  # (N, channels, H / stride, W / stride)
        return self.bn2(self.conv2(x))  # type: ignore[no-any-return]


class Bottleneck(Residual):
    """A 1x1 convolution to few channels, a 3x3 one, and a 1x1 one to four times as many."""

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int,
        stride_on: str = "3x3",
        groups: int = 1,
        group_width: int = 64,
    ) -> None:
        """Make the layers; ``groups`` and ``group_width`` are ResNeXt's cardinality and d."""
        super().__init__(in_channels, channels * self.expansion, stride)
        hidden = channels * group_width // 64 * groups
        first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, hidden, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, second, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, self.out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.out_channels)
        self._make_shortcut()

    def branch(self, x: Tensor) -> Tensor:
        """Compute what is added to the shortcut."""
        x = F.relu(self.bn1(self.conv1(x)))  # (N, hidden, ...): smaller here if stride_on is 1x1
        x = F.relu(self.bn2(self.conv2(x)))  # (N, hidden, H / stride, W / stride)
        return self.bn3(self.conv3(x))  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """A stem, four stages of residual blocks and a classifier; see `resnet18` and `resnet50`."""

    stage1: nn.Sequential
    stage2: nn.Sequential
    stage3: nn.Sequential
    stage4: nn.Sequential

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        block: type[BasicBlock] | type[Bottleneck],
        repeats: Sequence[int],
        wrap: Wrap = lambda block: block,
        **settings: Any,
    ) -> None:
        """Make the layers.

        Args:
            num_classes: Number of outputs.
            in_channels: Channels of the images.
            block: The kind of block.
            repeats: Blocks in each of the four stages.
            wrap: Puts something into each block, such as squeeze-and-excitation.
            settings: Further arguments of the block.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 64
        for stage, units in enumerate(repeats):
            blocks = nn.Sequential()
            for number in range(units):
                stride = 2 if stage and not number else 1
                one = block(channels, 64 * 2**stage, stride, **settings)
                channels = one.out_channels
                blocks.append(wrap(one))
            self.add_module(f"stage{stage + 1}", blocks)
        self.fc = nn.Linear(channels, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 224, 224)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 64, 112, 112)
        x = self.stage1(self.pool(x))  # (N, 256, 56, 56), with basic blocks 64 channels
        x = self.stage2(x)  # (N, 512, 28, 28), 128
        x = self.stage3(x)  # (N, 1024, 14, 14), 256
        x = self.stage4(x)  # (N, 2048, 7, 7), 512
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 1000)


def resnet18(*, num_classes: int = 1000, in_channels: int = 3) -> ResNet:
    """Return an untrained ResNet-18: eight basic blocks.

    It has 11,689,512 parameters, and on 3x224x224 it does 1,814,073,344 MACs; any size of
    images works. Filters start by He's rule, the linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: He et al., "Deep residual learning" (arXiv:1512.03385), Table 1.

    >>> import labcode
    >>> found = labcode.count(resnet18())
    >>> found.params, found.macs
    (11689512, 1814073344)
    """
    return ResNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        BasicBlock,
        (2, 2, 2, 2),
    )


BOTTLENECKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # depth -> blocks


def bottleneck_resnet(
    *,
    depth: int = 50,
    num_classes: int = 1000,
    in_channels: int = 3,
    stride_on: str = "3x3",
    groups: int = 1,
    group_width: int = 64,
    wrap: Wrap = lambda block: block,
) -> ResNet:
    """Return an untrained ResNet or ResNeXt of 50, 101 or 152 layers.

    Args:
        depth: 50, 101 or 152.
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        stride_on: Which convolution of a bottleneck has the stride: "1x1" as in the paper, or
            "3x3" as in torchvision ("v1.5": more work, the same parameters).
        groups: Groups of the 3x3 convolutions; ResNeXt has 32.
        group_width: Channels of a group in the first stage; ResNeXt has 4.
        wrap: Puts something into each block, such as squeeze-and-excitation.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range.

    Source: He et al. (arXiv:1512.03385) and Xie et al., "Aggregated residual transformations"
        (arXiv:1611.05431), Table 1.

    >>> len(bottleneck_resnet(depth=50).stage3)
    6
    """
    check_choice("depth", check_int("depth", depth), BOTTLENECKS)
    return ResNet(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        Bottleneck,
        BOTTLENECKS[depth],
        wrap,
        stride_on=check_choice("stride_on", stride_on, ("1x1", "3x3")),
        groups=check_int("groups", groups),
        group_width=check_int("group_width", group_width),
    )


def resnet50(*, num_classes: int = 1000, in_channels: int = 3, stride_on: str = "3x3") -> ResNet:
    """Return an untrained ResNet-50: sixteen bottleneck blocks.

    It has 25,557,032 parameters. On 3x224x224 it does 4,089,184,256 MACs, and 3,857,973,248
    with the stride where the paper has it. Any size of images works.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        stride_on: Which convolution of a bottleneck has the stride: "1x1" as in the paper, or
            "3x3" as in torchvision.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range.

    Source: He et al., "Deep residual learning" (arXiv:1512.03385), Table 1.

    >>> import labcode
    >>> found = labcode.count(resnet50(stride_on="1x1"))
    >>> found.params, found.macs
    (25557032, 3857973248)
    """
    return bottleneck_resnet(
        depth=50, num_classes=num_classes, in_channels=in_channels, stride_on=stride_on
    )
