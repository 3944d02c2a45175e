"""Bytes and bits: codes of any length in a row, and a reader that refuses to go too far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode.coding.errors import CodingError

Ints = NDArray[np.int64]


def pack_codes(codes: NDArray[Any], lengths: NDArray[Any]) -> bytes:
    """Write codes one after the other, highest bit first; the last byte ends on zeros.

    Args:
        codes: Whole numbers, shape (n,).
        lengths: Bits of each, from 0 to 57, shape (n,).

    Returns:
        The bytes.

    >>> pack_codes(np.array([1, 5]), np.array([1, 3])).hex()
    'd0'
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    total = int(lengths.sum())
    which = np.repeat(np.arange(len(lengths)), lengths)  # the code that each bit belongs to
    ends = np.cumsum(lengths)
    shift = (ends[which] - 1 - np.arange(total)).astype(np.uint64)
    bits = (np.asarray(codes, dtype=np.uint64)[which] >> shift) & np.uint64(1)
    return np.packbits(bits.astype(np.uint8)).tobytes()


def pack_numbers(numbers: NDArray[Any], width: int) -> bytes:
    """Write numbers of ``width`` bits each."""
    return pack_codes(numbers, np.full(len(numbers), width, dtype=np.int64))


def windows(data: bytes, width: int) -> Ints:
    """Return, for each bit of the data, the number that the next ``width`` bits make.

    Past the end come zeros.

    Args:
        data: The bytes.
        width: From 1 to 16.

    Returns:
        Shape (8 * len(data),).

    >>> windows(bytes([0b10110000]), 2)
    array([2, 1, 3, 2, 0, 0, 0, 0])
    """
    padded = np.frombuffer(data + b"\0\0\0", dtype=np.uint8).astype(np.int64)
    three = (padded[:-3] << 16) | (padded[1:-2] << 8) | padded[2:-1]  # (bytes,), 24 bits each
    shifts = 24 - width - np.arange(8)
    return ((three[:, None] >> shifts) & ((1 << width) - 1)).ravel()  # (bytes, 8) -> (bits,)


def varint(number: int) -> bytes:
    """Return a whole number in as few bytes as it needs, seven bits in each (LEB128).

    >>> varint(5).hex(), varint(300).hex()
    ('05', 'ac02')
    """
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    """Reads bytes in order; what is missing or too large is a `CodingError`."""

    def __init__(self, data: bytes, name: str) -> None:
        """Start at the first byte; ``name`` says in errors what is read."""
        self.data, self.name, self.place = data, name, 0

    def fail(self, why: str) -> CodingError:
        """Return the error to raise."""
        return CodingError(f"{self.name} is damaged: {why}")

    def take(self, n: int) -> bytes:
        """Return the next ``n`` bytes."""
        if n > len(self.data) - self.place:
            raise self.fail(f"{n} bytes expected, {len(self.data) - self.place} left")
        self.place += n
        return self.data[self.place - n : self.place]

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def varint(self, largest: int) -> int:
        """Return the next whole number, which must not be larger than ``largest``."""
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 127) << shift
            shift += 7
            if number > largest or shift > 63:
                raise self.fail(f"a number is larger than {largest}")
            if byte < 128:
                return number

    def numbers(self, n: int, width: int) -> Ints:
        """Return the next ``n`` numbers of ``width`` bits (1 to 16), up to a whole byte."""
        data = self.take((n * width + 7) // 8)
        return windows(data, width)[: n * width : width] if n else np.zeros(0, dtype=np.int64)

    def end(self) -> None:
        """Raise unless all was read."""
        if self.place != len(self.data):
            raise self.fail(f"{len(self.data) - self.place} bytes are left over")
