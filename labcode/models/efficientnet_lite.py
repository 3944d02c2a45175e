"""EfficientNet-Lite: MobileNet v2's blocks, scaled together, and made for integers."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, init_he

# (expansion, kernel size, output channels, blocks, stride of the first one) of Lite0
STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)
# version -> (width, depth, size of the images in pixels)
VERSIONS = {0: (1.0, 1.0, 224), 1: (1.0, 1.1, 240), 2: (1.1, 1.2, 260)}
EPS, MOMENTUM = 1e-3, 0.01  # of the batch norms, as TensorFlow has them


class SamePad2d(nn.Module):
    """Zeros around a map as TensorFlow's "same" has them: the odd one at the right and below."""

    def __init__(self, kernel_size: int, stride: int) -> None:
        """Take what the convolution behind it has."""
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, C, H, W) into a map that the convolution makes ceil(H / stride) high."""
        return F.pad(x, (*self._zeros(x.shape[3]), *self._zeros(x.shape[2])))

    def _zeros(self, size: int) -> tuple[int, int]:
        steps = math.ceil(size / self.stride) - 1
        missing = max(steps * self.stride + self.kernel_size - size, 0)
        return missing // 2, missing - missing // 2


class LiteBlock(nn.Module):
    """Widen by a 1x1 convolution, filter depthwise, narrow by a 1x1 one without an activation."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, expansion: int
    ) -> None:
        """Make the layers; without an expansion there is no first convolution."""
        super().__init__()
        hidden = in_channels * expansion
        self.residual = stride == 1 and in_channels == out_channels
        self.widen = None
        if expansion != 1:
            self.widen = nn.Conv2d(in_channels, hidden, 1, bias=False)
            self.widen_bn = _norm(hidden)
            self.widen_act = nn.ReLU6()
        self.pad = SamePad2d(kernel_size, stride)
        self.depthwise = nn.Conv2d(hidden, hidden, kernel_size, stride, groups=hidden, bias=False)
        self.depthwise_bn = _norm(hidden)
        self.depthwise_act = nn.ReLU6()
        self.narrow = nn.Conv2d(hidden, out_channels, 1, bias=False)
        self.narrow_bn = _norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        y = x
        if self.widen is not None:
            y = self.widen_act(self.widen_bn(self.widen(y)))  # (N, hidden, H, W)
        y = self.depthwise_act(
            self.depthwise_bn(self.depthwise(self.pad(y)))
        )  # (N, hidden, H', W')
        y = self.narrow_bn(self.narrow(y))  # (N, out_channels, H / stride, W / stride)
        return x + y if self.residual else y  # type: ignore[no-any-return]


class EfficientNetLite(nn.Module):
    """A stem, inverted residuals, a 1x1 convolution and a classifier; see `efficientnet_lite`."""

    def __init__(self, version: int, num_classes: int, in_channels: int) -> None:
        """Make the layers; `efficientnet_lite` documents the arguments."""
        super().__init__()
        width, depth, self.input_size = VERSIONS[version]
        self.pad = SamePad2d(3, 2)
        self.stem = nn.Conv2d(in_channels, 32, 3, 2, bias=False)
        self.stem_bn = _norm(32)
        self.stem_act = nn.ReLU6()
        self.blocks = nn.Sequential()
        channels = 32
        for number, (expansion, kernel, out, repeats, stride) in enumerate(STAGES):
            out_channels = rounded(out * width)
            ends = number in (0, len(STAGES) - 1)  # the first and the last stage keep their depth
            for block in range(repeats if ends else math.ceil(repeats * depth)):
                step = 1 if block else stride
                self.blocks.append(LiteBlock(channels, out_channels, kernel, step, expansion))
                channels = out_channels
        self.head = nn.Conv2d(channels, 1280, 1, bias=False)
        self.head_bn = _norm(1280)
        self.head_act = nn.ReLU6()
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(1280, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.stem.in_channels)  # (N, 3, 224, 224)
        x = self.stem_act(self.stem_bn(self.stem(self.pad(x))))  # (N, 32, 112, 112)
        x = self.blocks(x)  # (N, 320, 7, 7)
        x = self.head_act(self.head_bn(self.head(x)))  # (N, 1280, 7, 7)
        return self.fc(self.dropout(x.mean((2, 3))))  # type: ignore[no-any-return]  # (N, 1000)


def efficientnet_lite(
    *, version: int = 0, num_classes: int = 1000, in_channels: int = 3
) -> EfficientNetLite:
    """Return an untrained EfficientNet-Lite.

    Without squeeze-and-excitation and with ReLU6 instead of swish, so that every step has
    a small fixed range. Lite0 has 4,652,008 parameters and does 385,187,552 MACs on 3x224x224.

    Args:
        version: 0, 1 or 2; larger ones are wider, deeper and look at larger images.
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is out of range.

    Source: Tan and Le, "EfficientNet" (arXiv:1905.11946), and the authors' Lite variants.

    >>> import labcode
    >>> labcode.count(efficientnet_lite(), (3, 224, 224)).params
    4652008
    """
    if check_int("version", version, minimum=0) not in VERSIONS:
        raise ValueError(f"version must be 0, 1 or 2, got {version}")
    return EfficientNetLite(
        version, check_int("num_classes", num_classes), check_int("in_channels", in_channels)
    )


def rounded(channels: float) -> int:
    """Return the multiple of 8 that is closest, but no more than a tenth smaller."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPS, momentum=MOMENTUM)
