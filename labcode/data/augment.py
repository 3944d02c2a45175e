"""Random small changes of training images: shift, turn, stretch, mirror."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from labcode._checks import check_int, check_number


@dataclass(frozen=True)
class RandomAffine:
    """Shift, turn and scale each image of a batch by its own random amounts.

    Args:
        max_shift: Largest shift in each direction, in pixels.
        max_degrees: Largest turn to either side, in degrees.
        max_scale: Largest change of size, as a part: 0.1 is from 0.9 to 1.1.

    Raises:
        ValueError: An amount is negative, or ``max_scale`` is not below 1.

    >>> images = torch.rand(4, 1, 28, 28)
    >>> RandomAffine()(images, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 1, 28, 28])
    """

    max_shift: float = 2.0
    max_degrees: float = 10.0
    max_scale: float = 0.1

    def __post_init__(self) -> None:
        """Refuse amounts that make no sense."""
        for name in ("max_shift", "max_degrees", "max_scale"):
            check_number(name, getattr(self, name), minimum=0.0)
        if self.max_scale >= 1:
            raise ValueError(f"max_scale must be below 1, got {self.max_scale!r}")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed copies.

        Args:
            images: Shape (N, C, H, W); pixels that come in from outside are 0.
            generator: Where the random amounts come from, on the CPU.

        Returns:
            The changed images, same shape.
        """
        n, _, height, width = images.shape
        draw = torch.rand(4, n, generator=generator) * 2 - 1  # each in [-1, 1)
        angle = torch.deg2rad(draw[0] * self.max_degrees)
        zoom = 1 + draw[1] * self.max_scale
        shift_x, shift_y = draw[2] * self.max_shift, draw[3] * self.max_shift  # pixels
        cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
        # affine_grid wants, for each output place, where to read: both axes run from -1 to 1,
        # so that one pixel is 2 / width, and a turn must allow for the image's own shape.
        theta = torch.stack(
            [
                torch.stack([cos, -sin * height / width, 2 * shift_x / width], dim=1),
                torch.stack([sin * width / height, cos, 2 * shift_y / height], dim=1),
            ],
            dim=1,
        ).to(images)  # (N, 2, 3)
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)  # (N, H, W, 2)
        return F.grid_sample(images, grid, align_corners=False)


@dataclass(frozen=True)
class FlipAndShift:
    """Mirror every second image, by chance, and shift each by whole pixels: for photographs.

    Args:
        max_shift: Largest shift in each direction, in pixels.

    Raises:
        TypeError: ``max_shift`` is not an integer.
        ValueError: It is negative.

    >>> images = torch.rand(4, 3, 32, 32)
    >>> FlipAndShift()(images, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 3, 32, 32])
    """

    max_shift: int = 4

    def __post_init__(self) -> None:
        """Refuse a shift that makes no sense."""
        check_int("max_shift", self.max_shift, minimum=0)

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed copies.

        Args:
            images: Shape (N, C, H, W); pixels that come in from outside are 0.
            generator: Where the random amounts come from, on the CPU.

        Returns:
            The changed images, same shape.
        """
        n, _, height, width = images.shape
        span = 2 * self.max_shift + 1
        down, right = torch.randint(span, (2, n, 1), generator=generator)  # (N, 1) each
        mirrored = torch.rand(n, 1, generator=generator) < 0.5
        columns = torch.arange(width).expand(n, width)
        columns = torch.where(mirrored, width - 1 - columns, columns) + right  # (N, W)
        rows = torch.arange(height) + down  # (N, H)
        padded = F.pad(images, [self.max_shift] * 4)
        where = (torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :])
        chosen = tuple(index.to(images.device) for index in where)
        return padded.permute(0, 2, 3, 1)[chosen].permute(0, 3, 1, 2)
