"""Relative indices: where the weights are, as the number of zeros before each one.

An index of b bits counts up to 2**b - 2 zeros and then a weight. A longer gap needs a *filler*:
the largest number stands for 2**b - 1 zeros and no weight. (Deep Compression's filler is a weight
that is zero; leaving the weight out saves its bits.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode._checks import check_int
from labcode.coding.bits import Ints
from labcode.coding.errors import CodingError

MAX_BITS = 12


def to_relative(places: NDArray[Any], bits: int) -> Ints:
    """Return relative indices.

    Args:
        places: Where the weights are in the flat tensor, rising, shape (n,).
        bits: Bits of an index, from 1 to 12.

    Returns:
        Numbers from 0 to 2**bits - 1, fillers included.

    Source: Deep Compression (arXiv:1510.00149), section 2 and figure 2.

    >>> to_relative(np.array([1, 4, 15]), bits=3)
    array([1, 2, 7, 3])
    """
    filler = _filler(bits)
    gaps = np.diff(np.asarray(places, dtype=np.int64), prepend=-1) - 1
    fillers, rest = np.divmod(gaps, filler)
    ends = np.cumsum(fillers + 1)
    indices = np.full(int(ends[-1]) if len(ends) else 0, filler, dtype=np.int64)
    indices[ends - 1] = rest
    return indices


def from_relative(indices: NDArray[Any], bits: int, size: int) -> Ints:
    """Return where the weights are.

    Args:
        indices: What `to_relative` returned.
        bits: What it was given.
        size: Number of places that there are.

    Returns:
        The places, rising.

    Raises:
        CodingError: An index is too large, or leads past the end.

    >>> from_relative(np.array([1, 2, 7, 3]), bits=3, size=16)
    array([ 1,  4, 15])
    """
    filler = _filler(bits)
    indices = np.asarray(indices, dtype=np.int64)
    if len(indices) and not 0 <= indices.min() <= indices.max() <= filler:
        raise CodingError(f"relative indices are damaged: they go from 0 to {filler}")
    weight = indices != filler
    places: Ints = (np.cumsum(indices + weight) - 1)[weight]
    if len(places) and places[-1] >= size:
        raise CodingError(f"relative indices are damaged: they lead past {size} places")
    return places


def _filler(bits: int) -> int:
    if check_int("bits", bits) > MAX_BITS:
        raise ValueError(f"bits must be from 1 to {MAX_BITS}, got {bits}")
    return (1 << bits) - 1
