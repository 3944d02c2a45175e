"""One labelled photograph of each ImageNet class: a part calibrates, the rest judges."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from labcode.data import DownloadError, to_network
from labcode.data.folder import read_picture

FOLDER = "LABCODE_PHOTOGRAPHS"  # environment: a folder with a sub-folder for each class
EVERY = 8  # one photograph in so many calibrates
SIZE = 224  # pixels: the middle of a photograph that the smallest network sees
BORDER = 32  # pixels of the shorter side that are left out around the middle, as the authors did


@cache
def photographs(size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Return all photographs (N, 3, size, size) and their classes (N,), sorted by class.

    The files' shorter side has 256 pixels: with sizes above 224 they are enlarged.

    Args:
        size: Height and width of the middle that is taken, in pixels.

    Raises:
        DownloadError: The environment does not say where they are, or there are not 1,000.
    """
    root = Path(os.environ.get(FOLDER, "")).expanduser()
    classes = sorted(p for p in root.iterdir() if p.is_dir()) if os.environ.get(FOLDER) else []
    if len(classes) != 1000:
        raise DownloadError(
            f"this study needs a folder with one photograph of each of ImageNet's 1,000 classes, "
            f"named by {FOLDER}; there are {len(classes)} classes"
        )
    edge, short = BORDER // 2, size + BORDER
    pixels = [
        read_picture(next(iter(sorted(place.iterdir()))), (short, short))[
            :, edge : edge + size, edge : edge + size
        ]
        for place in classes
    ]
    return to_network(torch.from_numpy(np.stack(pixels))), torch.arange(1000)


def calibration(n: int | None = None, size: int = SIZE) -> Tensor:
    """Return the photographs that may calibrate, or the first n of them in a mixed order."""
    images, _ = photographs(size)
    part = images[::EVERY]
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(0))
    return part[order[:n]]


def judging(size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Return the photographs that judge, and their classes."""
    images, labels = photographs(size)
    rest = torch.arange(len(labels)) % EVERY != 0
    return images[rest], labels[rest]
