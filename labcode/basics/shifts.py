"""Move images: a shift by whole pixels, and a digit laid on a larger canvas."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def shift(images: Tensor, down: int, right: int) -> Tensor:
    """Move images by whole pixels; what leaves is lost, and zeros come in.

    Args:
        images: Shape (..., H, W).
        down: Pixels downwards; negative is upwards.
        right: Pixels to the right; negative is to the left.

    Returns:
        The moved images, same shape.

    >>> import torch
    >>> shift(torch.tensor([[1, 2], [3, 4]]), down=0, right=1)
    tensor([[0, 1],
            [0, 3]])
    """
    # Negative padding crops: what is cut on one side is added on the other.
    return F.pad(images, (right, -right, down, -down))


def directions(distance: int) -> list[tuple[int, int]]:
    """Return the four shifts (down, right) by this many pixels along one axis.

    >>> directions(2)
    [(2, 0), (-2, 0), (0, 2), (0, -2)]
    """
    return [(distance, 0), (-distance, 0), (0, distance), (0, -distance)]


def place(images: Tensor, canvas: int, top: int, left: int) -> Tensor:
    """Lay images on a larger, empty canvas.

    Args:
        images: Shape (..., H, W).
        canvas: Height and width of the canvas, in pixels.
        top: Empty rows above the image.
        left: Empty columns to its left.

    Returns:
        Shape (..., canvas, canvas).

    Raises:
        ValueError: The image would reach over the edge.

    >>> import torch
    >>> place(torch.ones(1, 1), canvas=2, top=0, left=1)
    tensor([[0., 1.],
            [0., 0.]])
    """
    height, width = images.shape[-2:]
    below, beyond = canvas - height - top, canvas - width - left
    if min(top, left, below, beyond) < 0:
        raise ValueError(
            f"an image of {height} × {width} at top={top}, left={left} "
            f"reaches over a canvas of {canvas} × {canvas}"
        )
    return F.pad(images, (left, beyond, top, below))
