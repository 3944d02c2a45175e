"""Pictures as a network meets them: a folder of one's own, or the photographs of the course."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labcode import data
from labcode._checks import check_int
from labcode.data.folder import find_pictures, read_picture
from labcode.models.efficientnet_lite import EfficientNetLite

PICTURES, INPUT = "LABCODE_PICTURES", "LABCODE_INPUT"
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation, of pixels from 0 to 1
GREY = (0.5,), (0.5,)
LITE = (127 / 255,) * 3, (128 / 255,) * 3
SIZE = 224  # of most ImageNet networks
FEWEST = 4


@dataclass(frozen=True)
class Sight:
    """How a network sees.

    Args:
        shape: One image, (channels, height, width).
        mean: What is taken off each channel, of pixels from 0 to 1.
        std: What it is divided by then.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def of(self, pixels: Tensor) -> Tensor:
        """Return images from pixels, (N, C, H, W) from 0 to 255."""
        mean, std = (torch.tensor(values).reshape(1, -1, 1, 1) for values in (self.mean, self.std))
        return (pixels.to(torch.float32) / 255 - mean) / std


def sight_of(model: nn.Module, shape: Sequence[int] | None = None) -> Sight:
    """Return how a network wants its pictures, as far as it tells.

    Args:
        model: A network of timm tells its size and its numbers itself. Of others the first
            convolution tells the channels, the size is 224, and the numbers are ImageNet's, for
            grey pictures 0.5 and 0.5.
        shape: One image, (channels, height, width); None takes what the environment variable
            LABCODE_INPUT says, such as 1,64,64, and the network's own if it is not set.

    Raises:
        ValueError: The shape is not three sizes, or a network takes neither 1 nor 3 channels.

    >>> sight_of(nn.Conv2d(1, 4, 3)).shape
    (1, 224, 224)
    """
    config: dict[str, Any] = getattr(model, "pretrained_cfg", None) or {}
    size = model.input_size if isinstance(model, EfficientNetLite) else SIZE
    own = tuple(config.get("input_size", ())) or (_channels(model), size, size)
    asked = os.environ.get(INPUT, "").strip()
    found = tuple(shape) if shape is not None else _read(asked) if asked else own
    if len(found) != 3 or min(found) < 1:
        raise ValueError(f"one image must be (channels, height, width), got {found}")
    if found[0] not in (1, 3):
        raise ValueError(f"pictures have 1 or 3 channels, but the network takes {found[0]}")
    mean, std = GREY if found[0] == 1 else IMAGENET
    if isinstance(model, EfficientNetLite) and found[0] == 3:
        mean, std = LITE
    if len(config.get("mean", ())) == len(config.get("std", ())) == found[0]:
        mean, std = tuple(config["mean"]), tuple(config["std"])
    channels, height, width = found
    return Sight((channels, height, width), mean, std)


def pictures(
    model: nn.Module,
    n: int = 24,
    *,
    folder: str | os.PathLike[str] | None = None,
    shape: Sequence[int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Tensor:
    """Return pictures as a network meets them; they need no labels.

    Args:
        model: Decides size and normalization where they are not given, see `sight_of`.
        n: Number of pictures, at least 4. Of a folder with more, every so many are taken, so that
            each of its sub-folders has its part in the first half and in the second.
        folder: Holds pictures at any depth; None takes what the environment variable
            LABCODE_PICTURES names, and the course's photographs if it is not set.
        shape: One image, (channels, height, width).
        mean: Of the normalization, for each channel, of pixels from 0 to 1.
        std: Likewise.

    Returns:
        (n, channels, height, width), or fewer where the folder holds fewer.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: A number is out of range, or there are fewer than 4 pictures. (A picture that
            cannot be read is a `labcode.data.PictureError`, which names it.)

    >>> pictures(nn.Conv2d(1, 4, 3), 4, shape=(1, 32, 32)).shape
    torch.Size([4, 1, 32, 32])
    """
    if check_int("n", n) < FEWEST:
        raise ValueError(f"n must be at least {FEWEST}, got {n}")
    sight = sight_of(model, shape)
    channels = sight.shape[0]
    numbers = (tuple(mean or sight.mean), tuple(std or sight.std))
    if {len(numbers[0]), len(numbers[1])} != {channels} or 0 in numbers[1]:
        raise ValueError(f"mean and std must be {channels} numbers each, std without 0: {numbers}")
    asked = folder or os.environ.get(PICTURES, "").strip()
    pixels = (
        _of_folder(Path(asked).expanduser(), n, sight.shape)
        if asked
        else _of_the_course(n, sight.shape)
    )
    return Sight(sight.shape, *numbers).of(pixels)


def _read(text: str) -> tuple[int, ...]:
    parts = text.replace("x", ",").split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"{INPUT} must be sizes such as 3,224,224, got {text!r}")
    return tuple(int(part) for part in parts)


def _channels(model: nn.Module) -> int:
    """Return the channels that the first convolution takes; 3 where there is none."""
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    return 3 if first is None else first.in_channels


def _of_folder(root: Path, n: int, shape: tuple[int, int, int]) -> Tensor:
    """Return pixels of some of a folder's pictures, first every other one, then those between."""
    found = find_pictures(root)
    if len(found) < FEWEST:
        raise ValueError(f"{root} must hold at least {FEWEST} pictures, it has {len(found)}")
    places = np.linspace(0, len(found) - 1, min(n, len(found))).round().astype(int)
    order = [*places[::2], *places[1::2]]
    mode = "L" if shape[0] == 1 else "RGB"
    pixels = [read_picture(found[place], (shape[1], shape[2]), mode) for place in order]
    return torch.from_numpy(np.stack(pixels))


def _of_the_course(n: int, shape: tuple[int, int, int]) -> Tensor:
    """Return pixels of crops of five photographs."""
    crops = data.photographs(n, size=max(shape[1:])) * 128 + 127  # (n, 3, S, S), from 0 to 255
    crops = crops[:, :, : shape[1], : shape[2]].round()
    return crops.mean(1, keepdim=True).round() if shape[0] == 1 else crops
