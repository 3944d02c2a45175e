"""Turn a drawing into what the networks were trained on: a digit as MNIST prepared it.

The page *Draw a digit* does the same in the reader's browser (static/digit.mjs beside this
file), and a test holds the two equal.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28  # pixels of the picture that a network takes
BOX = 20  # pixels that the longer side of the digit gets
FAINT = 0.05  # ink below this does not count when the digit's edges are sought

Floats = NDArray[np.float64]


def to_digit(ink: NDArray[Any]) -> NDArray[np.float32]:
    """Return a drawing as a 28 × 28 picture.

    The digit is cut out, shrunk so that its longer side has 20 pixels, and moved so that its
    centre of mass stands in the middle.

    Args:
        ink: From 0 (paper) to 1 (ink), shape (height, width).

    Returns:
        From 0 to 1, shape (1, 28, 28).

    Raises:
        ValueError: ``ink`` has not two dimensions, holds other numbers, or nothing is drawn.

    Source: the preparation of MNIST (LeCun, Cortes and Burges), with areas averaged.

    >>> ink = np.zeros((100, 100))
    >>> ink[10:90, 45:55] = 1.0  # a "1"
    >>> digit = to_digit(ink)
    >>> digit.shape, int((digit > 0.5).sum())
    ((1, 28, 28), 60)
    """
    ink = np.asarray(ink, dtype=np.float64)
    if ink.ndim != 2 or not ((ink >= 0) & (ink <= 1)).all():
        raise ValueError(f"ink must be (height, width) with numbers from 0 to 1, got {ink.shape}")
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError("ink must hold a drawing, but nothing is darker than paper")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(cut.shape)
    height, width = (max(1, math.floor(size * scale + 0.5)) for size in cut.shape)
    shrunk = _shares(cut.shape[0], height) @ cut @ _shares(cut.shape[1], width).T
    return _centred(shrunk)


def _shares(old: int, new: int) -> Floats:
    """Return for each new cell the share that each old cell has of it, shape (new, old)."""
    cell, before = np.arange(new)[:, None], np.arange(old)[None, :]
    start, end = cell * old / new, (cell + 1) * old / new
    overlap = np.minimum(end, before + 1) - np.maximum(start, before)
    shares: Floats = np.clip(overlap, 0, None) * new / old
    return shares


def _centred(shrunk: Floats) -> NDArray[np.float32]:
    """Place a shrunk digit (height, width) so that its centre of mass is in the middle."""
    places = []
    for axis, size in enumerate(shrunk.shape):
        mass = shrunk.sum(axis=1 - axis)
        centre = float(mass @ (np.arange(size) + 0.5)) / float(mass.sum())
        # MNIST's centres lie from 14 to just below 15. A tie goes one way, whatever the rounding.
        start = math.ceil(SIDE / 2 - centre - 1e-9)
        places.append(min(max(start, 0), SIDE - size))
    top, left = places
    digit = np.zeros((1, SIDE, SIDE), dtype=np.float32)
    height, width = shrunk.shape
    digit[0, top : top + height, left : left + width] = np.minimum(shrunk, 1.0)
    return digit
