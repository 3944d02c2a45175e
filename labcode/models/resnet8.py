"""ResNet-8 of MLPerf Tiny: the industry's own small network for small photographs."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_bool, check_int
from labcode.models._parts import check_batch, init_he


class TinyBlock(nn.Module):
    """Two 3x3 convolutions that are added to the input, or to a 1x1 convolution of it."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        """Make the layers; the first convolution and the shortcut have the stride."""
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = (
            nn.Conv2d(in_channels, out_channels, 1, stride)
            if stride != 1 or in_channels != out_channels
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        y = F.relu(self.bn1(self.conv1(x)))  # (N, out_channels, H / stride, W / stride)
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet8(nn.Module):
    """A convolution, three blocks and a linear layer; `resnet8` says what it is made of."""

    def __init__(self, num_classes: int, in_channels: int, width: int, *, pooled: bool) -> None:
        """Make the layers; `resnet8` documents the arguments."""
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width)
        self.pooled = pooled
        self.block1 = TinyBlock(width, width, stride=1)
        self.block2 = TinyBlock(width, 2 * width, stride=2)
        self.block3 = TinyBlock(2 * width, 4 * width, stride=1 if pooled else 2)
        self.fc = nn.Linear(4 * width, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv.in_channels)  # (N, 3, 32, 32)
        x = F.relu(self.bn(self.conv(x)))  # (N, 16, 32, 32)
        if self.pooled:
            x = F.max_pool2d(x, 2)  # (N, 16, 16, 16)
        x = self.block2(self.block1(x))  # (N, 32, 16, 16); pooled (N, 32, 8, 8)
        x = self.block3(x)  # (N, 64, 8, 8)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def resnet8(
    *, num_classes: int = 10, in_channels: int = 3, width: int = 16, pooled: bool = False
) -> ResNet8:
    """Return an untrained ResNet-8, the network of MLPerf Tiny's image classification.

    On 3x32x32 it does 12,501,632 MACs. It has 78,186 parameters; the 78,666 of its own
    documents count the running statistics of its batch norms too. Its convolutions have biases,
    though a batch norm follows most of them, and its shortcuts have no batch norm. Filters
    start by He's rule, the linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.
        width: Filters of the first convolution; the blocks have 1, 2 and 4 times as many.
        pooled: Whether a max pooling of 2x2 follows the first convolution, and the last block
            keeps its size instead. Not in the benchmark: the first block then sees a quarter of
            the places, where most of the time of a training goes.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer, or ``pooled`` not a truth value.
        ValueError: An argument is below 1.

    Source: Banbury et al., "MLPerf Tiny benchmark" (arXiv:2106.07597), section 4, and the
        benchmark's own code for the layers.

    >>> import labcode
    >>> found = labcode.count(resnet8(), (3, 32, 32))
    >>> found.params, found.macs
    (78186, 12501632)
    >>> labcode.count(resnet8(width=24, pooled=True), (3, 32, 32)).macs / 1e6
    13.64064
    """
    return ResNet8(
        check_int("num_classes", num_classes),
        check_int("in_channels", in_channels),
        check_int("width", width),
        pooled=check_bool("pooled", pooled),
    )
