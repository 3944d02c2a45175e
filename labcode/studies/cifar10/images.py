"""CIFAR-10's pictures: from a folder that the reader names, or downloaded."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from labcode.data import Dataset, folder, load

DATA = (
    "CIFAR-10 as JPEG copies of quality 75, 32 x 32: 45,000 pictures train, 5,000 choose, "
    "10,000 test"
)
FOLDER = "LABCODE_CIFAR10"  # environment: a folder with train/ and test/, a sub-folder a class


@cache
def pictures(n_train: int | None = None) -> Dataset:
    """Return 45,000 training, 5,000 validation and 10,000 test pictures, shape (N, 3, 32, 32).

    Args:
        n_train: Training pictures; smaller sets are part of larger ones. None takes all.

    Raises:
        DownloadError: The environment names no folder, and the data set cannot be fetched.
        PictureError: The folder does not hold such pictures.
    """
    full = _every()
    return full if n_train is None else full.with_train(n_train)


@cache
def _every() -> Dataset:
    named = os.environ.get(FOLDER)
    if not named:
        return load("cifar10")
    root = Path(named).expanduser()
    return folder(root / "train", test=root / "test")
