"""A small SqueezeNet for digits whose poolings move, and its training."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, init_he
from labcode.models.squeezenet import Fire
from labcode.studies.small_runs import Row, digits, facts, small_digits, trained

# The layers that a pooling may stand behind: 1 is conv1, 2 to 5 are the Fire modules.
POOLS = {"early": (1, 2), "middle": (1, 3), "late": (3, 5)}
EPOCHS = 10
LR = 1e-2  # of 5e-3, 1e-2 and 2e-2 the best on the validation split, poolings early, seed 0


class SmallSqueezeNet(nn.Module):
    """conv1, four Fire modules, conv10, and two poolings that may stand anywhere between.

    A batch norm stands behind each of the first five, which the paper's network has not: with it
    a few passes over the digits are enough.
    """

    def __init__(self, pools: Sequence[int], width: float = 1.0) -> None:
        """Make the layers; `small_squeezenet` documents the arguments."""
        super().__init__()
        channels = max(1, round(12 * width))
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.fires = nn.ModuleList()
        for expand in (24, 24, 32, 32):
            half = max(1, round(expand * width / 2))
            fire = Fire(channels, max(1, half // 2), half, half)
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


def small_squeezenet(
    pools: Sequence[int] = POOLS["late"], *, width: float = 1.0
) -> SmallSqueezeNet:
    """Return an untrained small SqueezeNet for grey digits.

    Its parameters do not depend on where the poolings stand; its multiply-adds do.

    Args:
        pools: The layers behind which a 3x3 pooling with stride 2 stands: 1 is conv1, 2 to 5 are
            the Fire modules.
        width: All channels are multiplied by it.

    Raises:
        TypeError: A place is not an integer.
        ValueError: A place is no layer, or stands there twice.

    >>> import labcode
    >>> [labcode.count(small_squeezenet(p), (1, 28, 28)).params for p in ((1, 2), (3, 5))]
    [5502, 5502]
    """
    for place in pools:
        if check_int("pools", place) > 5:
            raise ValueError(f"pools must be layers from 1 to 5, got {place!r}")
    if len(set(pools)) < len(pools):
        raise ValueError(f"pools must name each layer once, got {tuple(pools)!r}")
    return SmallSqueezeNet(pools, width)


def pooling_row(
    place: str, seed: int, *, width: float = 1.0, size: int = 28, epochs: int = EPOCHS
) -> Row:
    """Train the small SqueezeNet with its poolings at one place.

    Args:
        place: One of `POOLS`.
        seed: Of the first weights and the order of the images.
        width: All channels are multiplied by it.
        size: 28, or 14 for digits that are made half as large.
        epochs: Passes over the training images.

    Raises:
        ValueError: ``place`` or ``size`` is unknown.
    """
    if place not in POOLS:
        raise ValueError(f"place must be one of {', '.join(POOLS)}, got {place!r}")
    if size not in (14, 28):
        raise ValueError(f"size must be 14 or 28, got {size!r}")
    images = digits() if size == 28 else small_digits()
    pools = POOLS[place]
    model = trained(
        lambda: small_squeezenet(pools, width=width), seed, epochs=epochs, lr=LR, images=images
    )
    return facts(model, images)


def field(place: str) -> int:
    """Return how many pixels, in a line, a value of the last Fire module sees.

    >>> field("early"), field("late")
    (37, 17)
    """
    seen, step = 3, 1  # conv1
    for layer in range(1, 6):
        if layer > 1:
            seen += 2 * step  # the 3x3 filters of a Fire module
        if layer in POOLS[place] and layer < 5:
            seen, step = seen + 2 * step, 2 * step
    return seen
