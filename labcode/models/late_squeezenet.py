"""A small SqueezeNet for digits whose poolings move: early, or late as the paper advises."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, init_he
from labcode.models.squeezenet import Fire

# The layers that a pooling may stand behind: 1 is conv1, 2 to 5 are the Fire modules.
POOLS = {"early": (1, 2), "middle": (1, 3), "late": (3, 5)}
PLAIN = (1, 1, 1, 1)
# With late poolings these widen the window of the last module to that of early ones, 37 pixels.
WIDE = (2, 2, 3, 3)


class LateSqueezeNet(nn.Module):
    """conv1, four Fire modules, conv10, and two poolings that may stand anywhere between.

    A batch norm stands behind each of the first five, which the paper's network has not: with it
    a few passes over the digits are enough.
    """

    def __init__(
        self, pools: Sequence[int], width: float = 1.0, dilations: Sequence[int] = PLAIN
    ) -> None:
        """Make the layers; `late_squeezenet` documents the arguments."""
        super().__init__()
        channels = max(1, round(12 * width))
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.fires = nn.ModuleList()
        for expand, dilation in zip((24, 24, 32, 32), dilations, strict=True):
            half = max(1, round(expand * width / 2))
            fire = Fire(channels, max(1, half // 2), half, half)
            assert fire.expand3x3 is not None
            fire.expand3x3.dilation = fire.expand3x3.padding = (dilation, dilation)
            self.fires.append(nn.Sequential(fire, nn.BatchNorm2d(fire.out_channels)))
            channels = 2 * half
        self.conv10 = nn.Conv2d(channels, 10, 1)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.pools = tuple(pools)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = self._pooled(self.bn1(F.relu(self.conv1(x))), 1)  # (N, 12, 28, 28), or 14 a side
        for number, fire in enumerate(self.fires, start=2):
            x = self._pooled(fire(x), number)  # (N, 32, 7, 7) at the end
        x = self.conv10(x)  # (N, 10, 7, 7)
        return x.mean((2, 3))  # (N, 10)

    def _pooled(self, x: Tensor, number: int) -> Tensor:
        return self.pool(x) if number in self.pools else x


def late_squeezenet(
    pools: Sequence[int] = POOLS["late"],
    *,
    width: float = 1.0,
    dilations: Sequence[int] = PLAIN,
) -> LateSqueezeNet:
    """Return an untrained small SqueezeNet for grey digits, with its poolings late by default.

    Its parameters do not depend on where the poolings stand; its multiply-adds do.

    Args:
        pools: The layers behind which a 3x3 pooling with stride 2 stands: 1 is conv1, 2 to 5 are
            the Fire modules.
        width: All channels are multiplied by it.
        dilations: How far apart the nine values stand that a 3x3 filter of each Fire module
            reads: 1 is side by side. More widens the window, at the same parameters and
            multiply-adds.

    Raises:
        TypeError: A place or a dilation is not an integer.
        ValueError: A place is not one of the layers, or is given twice; there are not four
            dilations of 1 or more.

    >>> import labcode
    >>> [labcode.count(late_squeezenet(p), (1, 28, 28)).params for p in ((1, 2), (3, 5))]
    [5502, 5502]
    """
    for place in pools:
        if check_int("pools", place) > 5:
            raise ValueError(f"pools must be layers from 1 to 5, got {place!r}")
    if len(set(pools)) < len(pools):
        raise ValueError(f"pools must name each layer once, got {tuple(pools)!r}")
    if len(dilations) != 4:
        raise ValueError(f"dilations must be four, one a Fire module, got {tuple(dilations)!r}")
    for dilation in dilations:
        check_int("dilations", dilation, minimum=1)
    return LateSqueezeNet(pools, width, dilations)
