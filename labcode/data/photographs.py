"""Photographs that a package carries, for cells that must run without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from labcode._checks import check_int
from labcode.data.folder import fitted

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "camera")
SHARE = (0.4, 1.0)  # of a photograph's shorter side that a crop shows


def photographs(n: int = 24, *, size: int = 224) -> Tensor:
    """Return crops of five photographs that scikit-image carries, as an ImageNet network sees them.

    The first five are the photographs themselves, cut to a square; the others are random squares of
    them, in turn, half of them mirrored. They are few and have no ImageNet labels: they calibrate,
    and they compare a network with its compressed self.

    Args:
        n: Number of crops; the same for the same number.
        size: Height and width in pixels.

    Returns:
        Images (n, 3, size, size), float32 from -1 to 1; see `to_network`.

    Raises:
        TypeError: A number is not an integer.
        ValueError: It is below 1.

    Source: skimage.data; the photographs are in the public domain or under CC0.

    >>> photographs(8).shape
    torch.Size([8, 3, 224, 224])
    """
    check_int("n", n)
    check_int("size", size)
    originals = [_original(name) for name in NAMES]
    generator = np.random.RandomState(0)
    crops = []
    for number in range(n):
        picture = originals[number % len(originals)]
        square = picture if number < len(originals) else _square(picture, generator)
        crops.append(fitted(square, (size, size)))
    return to_network(torch.from_numpy(np.stack(crops)))


def to_network(pixels: Tensor) -> Tensor:
    """Turn pixels from 0 to 255 into what EfficientNet-Lite takes: (pixel - 127) / 128.

    Args:
        pixels: uint8, any shape.

    >>> to_network(torch.tensor([0, 127, 255], dtype=torch.uint8))
    tensor([-0.9922,  0.0000,  1.0000])
    """
    return (pixels.to(torch.float32) - 127) / 128


def _original(name: str) -> NDArray[np.uint8]:
    """Return a photograph as pixels (H, W, 3)."""
    import skimage
    from PIL import Image

    path = Path(skimage.__file__).parent / "data" / f"{name}.png"
    if not path.exists():
        path = path.with_suffix(".jpg")
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _square(picture: NDArray[np.uint8], generator: np.random.RandomState) -> NDArray[np.uint8]:
    """Return a random square of a picture (H, W, 3), every second one mirrored."""
    height, width, _ = picture.shape
    side = int(min(height, width) * generator.uniform(*SHARE))
    top, left = generator.randint(height - side + 1), generator.randint(width - side + 1)
    square = picture[top : top + side, left : left + side]
    return square[:, ::-1] if generator.randint(2) else square
