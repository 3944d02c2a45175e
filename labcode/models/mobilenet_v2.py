"""MobileNet v2: blocks that are wide inside and narrow outside."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int, check_number
from labcode.models._parts import check_batch, init_he

# (expansion, output channels, blocks, stride of the first one)
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """Widen by a 1x1 convolution, filter depthwise by 3x3, narrow by a 1x1 one without ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        """Make the layers.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output.
            stride: Step of the depthwise filter; with 1 and equal channels the input is added.
            expansion: The widened map has this many times the input's channels; 1 leaves the
                first convolution out.
        """
        super().__init__()
        hidden = in_channels * expansion
        self.residual = stride == 1 and in_channels == out_channels
        self.widen = None
        if expansion != 1:
            conv = nn.Conv2d(in_channels, hidden, 1, bias=False)
            self.widen = nn.Sequential(conv, nn.BatchNorm2d(hidden), nn.ReLU6())
        self.depthwise = nn.Sequential(
            nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
        )
        self.narrow = nn.Sequential(
            nn.Conv2d(hidden, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        y = x if self.widen is None else self.widen(x)  # (N, expansion * in_channels, H, W)
        y = self.narrow(self.depthwise(y))  # (N, out_channels, H / stride, W / stride)
        return x + y if self.residual else y  # type: ignore[no-any-return]


class MobileNetV2(nn.Module):
    """A stem, seventeen inverted residuals, a 1x1 convolution and a classifier."""

    def __init__(self, num_classes: int, in_channels: int, width_multiplier: float) -> None:
        """Make the layers; `mobilenet_v2` documents the arguments."""
        super().__init__()
        channels = rounded(32 * width_multiplier)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential()
        for expansion, width, repeats, first_stride in STAGES:
            out_channels = rounded(width * width_multiplier)
            for number in range(repeats):
                stride = 1 if number else first_stride
                self.blocks.append(InvertedResidual(channels, out_channels, stride, expansion))
                channels = out_channels
        last = rounded(1280 * max(1.0, width_multiplier))
        self.conv2 = nn.Conv2d(channels, last, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(last)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(last, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 224, 224)
        x = F.relu6(self.bn1(self.conv1(x)))  # (N, 32, 112, 112)
        x = self.blocks(x)  # (N, 320, 7, 7)
        x = F.relu6(self.bn2(self.conv2(x)))  # (N, 1280, 7, 7)
        return self.fc(self.dropout(x.mean((2, 3))))  # type: ignore[no-any-return]  # (N, 1000)


def rounded(channels: float) -> int:
    """Return the nearest multiple of 8, at least 8, and not more than 10 % below.

    >>> rounded(24), rounded(12), rounded(33.6)
    (24, 16, 32)
    """
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def mobilenet_v2(
    *, num_classes: int = 1000, in_channels: int = 3, width_multiplier: float = 1.0
) -> MobileNetV2:
    """Return an untrained MobileNet v2.

    With 1000 classes it has 3,504,872 parameters, and on 3x224x224 it does 300,774,272 MACs.
    Any size of images works, and 32 pixels become one. Filters start by He's rule, since the
    paper names none; the linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        width_multiplier: Share of the channels of each layer, rounded to a multiple of 8; the
            last convolution is never narrower than 1280.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range.

    Source: Sandler et al., "MobileNetV2" (arXiv:1801.04381), Table 2.

    >>> import labcode
    >>> found = labcode.count(mobilenet_v2())
    >>> found.params, found.macs
    (3504872, 300774272)
    """
    return MobileNetV2(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_number("width_multiplier", width_multiplier, above=0),
    )
