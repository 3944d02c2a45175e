"""Asymmetric numeral systems (rANS): an entropy coder that is not held to whole bits.

A Huffman code gives each symbol a whole number of bits. rANS keeps one large number, and a
symbol of probability p makes it 1 / p times larger: log2(1 / p) bits, fractions included.

The frequencies of each place in the row may differ: a *model* is a row of frequencies whose sum
is 2**precision, and ``which`` says the model of each symbol.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode.coding.bits import Ints
from labcode.coding.entropy import Counts
from labcode.coding.errors import CodingError

LOWEST = 1 << 16  # the state stays from here to 2**32; it gives out 16 bits at a time


def scaled_counts(counts: Counts, precision: int) -> Ints:
    """Return frequencies whose sum is 2**precision, none zero that was not.

    Args:
        counts: How often each symbol occurs; at least one does.
        precision: Bits of the sum; 2**precision is at least the number of symbols that occur.

    Returns:
        Frequencies, shape (symbols,).

    >>> scaled_counts([3, 1, 0], 4)
    array([12,  4,  0])
    """
    number = np.asarray(counts, dtype=np.float64)
    ideal = number / number.sum() * (1 << precision)
    scaled = np.where(number > 0, np.maximum(np.floor(ideal), 1), 0).astype(np.int64)
    excess = int(scaled.sum()) - (1 << precision)
    while excess:  # give or take where it costs the fewest bits
        change = -1 if excess > 0 else 1
        able = (scaled > 1) if excess > 0 else (number > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = number * np.log2((scaled + change) / scaled)
        scaled[int(np.argmax(np.where(able, gain, -np.inf)))] += change
        excess += change
    return scaled


def encode(symbols: NDArray[Any], models: list[Ints], which: NDArray[Any], precision: int) -> bytes:
    """Return the bytes of symbols.

    Args:
        symbols: Whole numbers, shape (n,).
        models: Frequencies, each row with the sum 2**precision.
        which: The model of each symbol, shape (n,).
        precision: From 1 to 16.

    Returns:
        The last state (4 bytes) and the 16-bit words that the decoder takes in, in its order.

    >>> uniform = [np.array([2, 2])]
    >>> data = encode(np.array([1, 0, 1]), uniform, np.zeros(3, int), 2)
    >>> list(decode(data, uniform, [(0, 3)], 2)[0])
    [1, 0, 1]
    """
    starts = [np.cumsum(model) - model for model in models]
    state, words = LOWEST, []
    # Backwards, since what went in last comes out first.
    for symbol, model in zip(symbols[::-1].tolist(), which[::-1].tolist(), strict=True):
        frequency, start = int(models[model][symbol]), int(starts[model][symbol])
        if state >= frequency << (32 - precision):
            words.append(state & 0xFFFF)
            state >>= 16
        state = ((state // frequency) << precision) + state % frequency + start
    return struct.pack("<I", state) + np.array(words[::-1], dtype="<u2").tobytes()


def decode(
    data: bytes, models: list[Ints], runs: list[tuple[int, int]], precision: int
) -> list[list[int]]:
    """Return the symbols of each run.

    Args:
        data: What `encode` returned.
        models: What it was given.
        runs: For each run in the row: the number of its model and how many symbols it has.
        precision: What it was given.

    Returns:
        A list of symbols for each run.

    Raises:
        CodingError: The bytes are too few, too many or not what `encode` makes.
    """
    decoder = Decoder(data, precision)
    found = [decoder.run(models[model], n) for model, n in runs]
    decoder.end()
    return found


class Decoder:
    """Decodes runs of symbols, each with frequencies of its own."""

    def __init__(self, data: bytes, precision: int) -> None:
        """Read the state and line up the words."""
        if len(data) < 4 or len(data) % 2:
            raise CodingError(f"rANS codes are damaged: {len(data)} bytes")
        self.precision = precision
        self.state = struct.unpack_from("<I", data)[0]
        self.words: Iterator[int] = iter(np.frombuffer(data, "<u2", offset=4).tolist())

    def run(self, model: Ints, n: int, filler: int = -1, most: int = 0) -> list[int]:
        """Return the next symbols.

        Args:
            model: Their frequencies, with the sum 2**precision.
            n: How many, without the fillers.
            filler: A symbol that does not count, which can stand between two others.
            most: How many fillers there may be.
        """
        precision, state, words = self.precision, self.state, self.words
        out: list[int] = []
        ends = np.cumsum(model)
        cuts, frequencies = ends.tolist(), model.tolist()
        biases = (ends - model).tolist()
        mask = (1 << precision) - 1
        append, search = out.append, bisect_right
        left = n
        try:
            while left:
                slot = state & mask
                symbol = search(cuts, slot)
                state = frequencies[symbol] * (state >> precision) + slot - biases[symbol]
                if state < LOWEST:
                    state = state << 16 | next(words)
                append(symbol)
                if symbol != filler:
                    left -= 1
                elif len(out) > n + most:
                    raise CodingError("rANS codes are damaged: they do not end")
        except (StopIteration, IndexError):
            raise CodingError("rANS codes are damaged: they end too early") from None
        self.state = state
        return out

    def end(self) -> None:
        """Raise unless all words are used up and the state is the one that coding began with."""
        if self.state != LOWEST or next(self.words, None) is not None:
            raise CodingError("rANS codes are damaged: they do not end where they should")
