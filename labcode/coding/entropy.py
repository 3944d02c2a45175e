"""Entropy: the fewest bits that symbols can take on average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = Sequence[int] | NDArray[Any]


def counts_of(symbols: NDArray[Any], alphabet: int | None = None) -> NDArray[np.int64]:
    """Return how often each symbol occurs.

    Args:
        symbols: Whole numbers from 0, any shape.
        alphabet: Number of symbols that there are; None is the largest symbol plus one.

    Returns:
        Counts, shape (alphabet,).

    >>> counts_of(np.array([0, 2, 2]))
    array([1, 0, 2])
    """
    return np.bincount(np.asarray(symbols, dtype=np.int64).ravel(), minlength=alphabet or 0)


def entropy(counts: Counts) -> float:
    """Return the entropy of a symbol that occurs with these counts.

    Args:
        counts: How often each symbol occurs; zeros do not matter.

    Returns:
        Bits a symbol; 0 without symbols.

    Raises:
        ValueError: A count is negative.

    Source: Shannon, A mathematical theory of communication (1948), section 6.

    >>> entropy([2, 1, 1]), entropy([5])
    (1.5, 0.0)
    """
    number = np.asarray(counts, dtype=np.float64)
    if number.size and number.min() < 0:
        raise ValueError(f"counts must not be negative, got {number.min():g}")
    seen = number[number > 0]
    if seen.size < 2:
        return 0.0
    shares = seen / seen.sum()
    return float(-(shares * np.log2(shares)).sum())


def entropy_bits(symbols: NDArray[Any]) -> float:
    """Return the entropy of all symbols together, in bits.

    >>> entropy_bits(np.array([0, 0, 1, 2]))
    6.0
    """
    return entropy(counts_of(symbols)) * np.asarray(symbols).size
