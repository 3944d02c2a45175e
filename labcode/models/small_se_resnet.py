"""A small SE-ResNet for digits: placement, reduction, squeeze and gate as arguments."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from labcode.models._parts import check_batch, init_he
from labcode.models.resnet import BasicBlock
from labcode.models.squeeze_excite import SEResidual

WIDTHS = (8, 16, 32)


class SmallSEResNet(nn.Module):
    """A stem and three residual blocks of 8, 16 and 32 channels, with or without SE."""

    def __init__(self, placement: str | None, **settings: Any) -> None:
        """Make the layers; `small_se_resnet` documents the arguments."""
        super().__init__()
        self.conv1 = nn.Conv2d(1, WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.blocks = nn.Sequential()
        inside = WIDTHS[0]
        for outside in WIDTHS:
            block = BasicBlock(inside, outside, 1 if outside == inside else 2)
            self.blocks.append(
                block if placement is None else SEResidual(block, placement, **settings)
            )
            inside = outside
        self.fc = nn.Linear(inside, 10)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 8, 14, 14)
        x = self.blocks(x)  # (N, 32, 4, 4)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def small_se_resnet(
    placement: str | None = "standard",
    *,
    reduction: int = 4,
    squeeze: str = "average",
    gate: str = "sigmoid",
) -> SmallSEResNet:
    """Return an untrained small SE-ResNet for grey digits.

    Args:
        placement: "standard", "pre", "post" or "identity"; None leaves SE out.
        reduction: The hidden layer has channels / reduction units; at most 8.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".

    Raises:
        TypeError: ``reduction`` is not an integer.
        ValueError: A setting is unknown, or ``reduction`` is more than the channels.

    >>> import labcode
    >>> [labcode.count(small_se_resnet(place), (1, 28, 28)).macs for place in (None, "standard")]
    [645216, 645888]
    """
    return SmallSEResNet(placement, reduction=reduction, squeeze=squeeze, gate=gate)
