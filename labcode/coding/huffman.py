"""Huffman codes: canonical, of limited length, decoded by tables.

A canonical code is known from its lengths alone: codes of one length count upwards, in the order
of their symbols. So a file stores lengths, not a tree.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode._checks import check_int
from labcode.coding.bits import Ints, pack_codes, windows
from labcode.coding.entropy import Counts
from labcode.coding.errors import CodingError

MAX_LENGTH = 15  # bits of the longest code: a length fits into four bits


def code_lengths(counts: Counts, max_length: int = MAX_LENGTH) -> Ints:
    """Return the length of each symbol's code: the best that stay within ``max_length``.

    Args:
        counts: How often each symbol occurs; one that does not occur gets no code.
        max_length: The most bits of a code.

    Returns:
        Bits of each symbol's code, 0 for none, shape (symbols,). A symbol that is alone gets one
        bit.

    Raises:
        ValueError: A count is negative, or there are too many symbols for codes that short.

    Source: Larmore and Hirschberg, A fast algorithm for optimal length-limited Huffman codes
        (1990): the package-merge algorithm, which equals Huffman's where no code is too long.

    >>> code_lengths([5, 1, 1, 0])
    array([1, 2, 2, 0])
    """
    check_int("max_length", max_length)
    number = np.asarray(counts, dtype=np.int64)
    if number.size and number.min() < 0:
        raise ValueError(f"counts must not be negative, got {number.min()}")
    seen = np.flatnonzero(number)
    if len(seen) > 2**max_length:
        raise ValueError(f"max_length {max_length} is too short for {len(seen)} symbols")
    lengths = np.zeros(len(number), dtype=np.int64)
    if len(seen) == 1:
        lengths[seen] = 1
    elif len(seen) > 1:
        lengths[seen] = _package_merge(number[seen].tolist(), max_length)
    return lengths


def _package_merge(counts: list[int], max_length: int) -> list[int]:
    """Return the best lengths: each time that a symbol is in a chosen package adds one bit."""
    leaves: list[tuple[int, tuple[int, ...]]] = sorted(
        (count, (symbol,)) for symbol, count in enumerate(counts)
    )
    packages = leaves
    for _ in range(max_length - 1):
        pairs = zip(packages[0::2], packages[1::2], strict=False)
        merged = ((a[0] + b[0], a[1] + b[1]) for a, b in pairs)
        packages = list(heapq.merge(leaves, merged, key=lambda package: package[0]))
    lengths = [0] * len(counts)
    for _, symbols in packages[: 2 * len(counts) - 2]:
        for symbol in symbols:
            lengths[symbol] += 1
    return lengths


def canonical_codes(lengths: NDArray[Any]) -> Ints:
    """Return the codes that belong to lengths.

    Args:
        lengths: Bits of each symbol's code, 0 for none.

    Returns:
        The codes as numbers, 0 where there is none.

    Raises:
        CodingError: No code can have these lengths, or a longer code would be possible.

    >>> [f"{code:0{n}b}" for code, n in zip(canonical_codes(np.array([2, 1, 2])), (2, 1, 2))]
    ['10', '0', '11']
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    seen = np.flatnonzero(lengths)
    order = seen[np.argsort(lengths[seen], kind="stable")]
    _check_complete(lengths[seen])
    codes, code, before = np.zeros(len(lengths), dtype=np.int64), 0, 0
    for symbol in order:
        code <<= int(lengths[symbol]) - before
        before = int(lengths[symbol])
        codes[symbol] = code
        code += 1
    return codes


def _check_complete(lengths: Ints) -> None:
    """Raise unless the codes fill all bit patterns (or one symbol is alone, with one bit)."""
    used = sum(1 << (MAX_LENGTH - length) for length in lengths.tolist() if length <= MAX_LENGTH)
    alone = len(lengths) <= 1 and used in (0, 1 << (MAX_LENGTH - 1))
    if not alone and (used != 1 << MAX_LENGTH or lengths.max() > MAX_LENGTH):
        raise CodingError(f"no Huffman code has the lengths {lengths.tolist()[:8]} …")


def encode(symbols: NDArray[Any], lengths: NDArray[Any]) -> bytes:
    """Return the codes of symbols in a row.

    Args:
        symbols: Whole numbers, shape (n,); each must have a code.
        lengths: What `code_lengths` returned.

    Returns:
        The bytes; the last one is filled up with zeros.

    Raises:
        ValueError: A symbol has no code.

    >>> encode(np.array([0, 1, 0]), np.array([1, 1])).hex()
    '40'
    """
    lengths, symbols = np.asarray(lengths), np.asarray(symbols, dtype=np.int64)
    known = (symbols >= 0) & (symbols < len(lengths))
    if not known.all() or not lengths[symbols].all():
        raise ValueError("symbols must each have a code, but one has none")
    return pack_codes(canonical_codes(lengths)[symbols], lengths[symbols])


def decode(data: bytes, n: int, lengths: NDArray[Any]) -> Ints:
    """Return the ``n`` symbols that bytes hold.

    For every bit a table says which symbol would begin there and where the next one would. Then
    following the beginnings from the first bit is all that is left.

    Args:
        data: What `encode` returned.
        n: Number of symbols.
        lengths: What it was given.

    Returns:
        Shape (n,).

    Raises:
        CodingError: The bytes are too few or too many, or no code has these lengths.

    >>> decode(bytes([0x40]), 3, np.array([1, 1]))
    array([0, 1, 0])
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    codes, seen = canonical_codes(lengths), np.flatnonzero(lengths)
    if n == 0 or not len(seen):
        return _nothing(data, n)
    width = int(lengths.max())
    first = codes[seen] << (width - lengths[seen])  # the first window of each code
    order = np.argsort(first)
    repeats = 1 << (width - lengths[seen][order])
    table = np.repeat(seen[order], repeats)  # (2**width,), shorter for a symbol that is alone
    window = windows(data, width)
    if len(window) and window.max() >= len(table):
        raise CodingError("Huffman codes are damaged: a code that no symbol has")
    symbols = table[window]
    following = (np.arange(len(window)) + lengths[symbols]).tolist()
    place, places = 0, []
    for _ in range(min(n, len(window))):
        places.append(place)
        place = following[place]
        if place >= len(following):
            break
    if len(places) != n or place > len(window) or len(data) != (place + 7) // 8:
        raise CodingError(f"Huffman codes are damaged: not {n} symbols in {len(data)} bytes")
    return symbols[places]


def _nothing(data: bytes, n: int) -> Ints:
    """Return no symbols, which need no bytes."""
    if n or data:
        raise CodingError(f"Huffman codes are damaged: {n} symbols in {len(data)} bytes")
    return np.zeros(0, dtype=np.int64)
