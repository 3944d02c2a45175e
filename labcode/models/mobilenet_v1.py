"""MobileNet v1: each standard convolution split into a depthwise and a pointwise one."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_bool, check_int, check_number
from labcode.models._parts import check_batch

Excite = Callable[[int], nn.Module]  # channels -> a layer that keeps the shape


class SeparableBlock(nn.Module):
    """Depthwise 3x3, batch norm, ReLU, pointwise 1x1, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        """Make the layers.

        Args:
            in_channels: Channels of the input; each has its own 3x3 filter.
            out_channels: Channels of the output.
            stride: Step of the depthwise filter, in pixels.
        """
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels,
            in_channels,
            3,
            stride,
            padding=1,
            groups=in_channels,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        x = F.relu(self.bn1(self.depthwise(x)))  # (N, in_channels, H / stride, W / stride)
        return F.relu(self.bn2(self.pointwise(x)))  # (N, out_channels, H / stride, W / stride)


class StandardBlock(nn.Module):
    """What a separable block replaces: a standard 3x3 convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        """Make the layers; the arguments are those of `SeparableBlock`."""
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        return F.relu(self.bn(self.conv(x)))


def layout(repeats: int) -> list[tuple[int, int]]:
    """Return (output channels, stride) of the blocks at width 1.

    >>> len(layout(5)), layout(0)[5:]
    (13, [(512, 2), (1024, 2), (1024, 1)])
    """
    first = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    return [*first, *[(512, 1)] * repeats, (1024, 2), (1024, 1)]


class MobileNetV1(nn.Module):
    """A stem, thirteen separable blocks and a classifier; see `mobilenet_v1`."""

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        width_multiplier: float,
        repeats: int,
        block: type[SeparableBlock] | type[StandardBlock],
        excite: Excite | None = None,
    ) -> None:
        """Make the layers; `mobilenet_v1` documents the arguments.

        ``excite``, if given, makes a layer that stands behind each block.
        """
        super().__init__()
        channels = scaled(32, width_multiplier)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential()
        for width, stride in layout(repeats):
            out_channels = scaled(width, width_multiplier)
            self.blocks.append(block(channels, out_channels, stride))
            if excite is not None:
                self.blocks.append(excite(out_channels))
            channels = out_channels
        self.fc = nn.Linear(channels, num_classes)
        init_like_slim(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 224, 224)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 32, 112, 112)
        x = self.blocks(x)  # (N, 1024, 7, 7)
        x = x.mean((2, 3))  # (N, 1024)
        return self.fc(x)  # type: ignore[no-any-return]  # (N, 1000)


def scaled(channels: int, width_multiplier: float) -> int:
    """Return the channels of a layer at a width, at least 8 as in TF-Slim.

    >>> scaled(32, 0.75), scaled(32, 0.1)
    (24, 8)
    """
    return max(8, int(channels * width_multiplier))


def init_like_slim(model: nn.Module) -> None:
    """Start weights from a normal distribution of deviation 0.09, cut at two deviations."""
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.trunc_normal_(layer.weight, std=0.09, a=-0.18, b=0.18)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def mobilenet_v1(
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    width_multiplier: float = 1.0,
    repeats: int = 5,
    separable: bool = True,
) -> MobileNetV1:
    """Return an untrained MobileNet v1 of 28 layers.

    A 3x3 convolution with stride 2, thirteen depthwise separable blocks of which four have
    stride 2, average pooling and a linear layer. The paper's resolution multiplier is the
    size of the images: any size works, and 32 pixels become one.

    With 1000 classes it has 4,231,976 parameters (4,209,088 of them weights), and on 3x224x224
    it does 568,740,352 MACs. Weights start as TF-Slim's, since the paper names no rule:
    normal, deviation 0.09, cut at two deviations.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        width_multiplier: The paper's alpha: each layer has this share of the channels
            (rounded down, at least 8).
        repeats: How many blocks of 512 channels with stride 1 stand in the middle; the paper's
            shallow network has none.
        separable: False puts a standard 3x3 convolution in each block's place.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range.

    Source: Howard et al., "MobileNets" (arXiv:1704.04861), Table 1. The table's last depthwise
        layer says stride 2; the sizes beside it need stride 1. Initial weights:
        tensorflow/models, research/slim/nets/mobilenet_v1.py.

    >>> import labcode
    >>> found = labcode.count(mobilenet_v1())
    >>> found.params, found.macs
    (4231976, 568740352)
    """
    return MobileNetV1(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_number("width_multiplier", width_multiplier, above=0),
        check_int("repeats", repeats, minimum=0),
        SeparableBlock if check_bool("separable", separable) else StandardBlock,
    )
