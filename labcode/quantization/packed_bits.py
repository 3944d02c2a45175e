"""Integers of few bits side by side in bytes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from labcode._checks import check_int
from labcode.quantization.affine import integer_range


def pack_bits(integers: Tensor, bits: int) -> bytes:
    """Return integers from 0 to 2^bits − 1 without a gap between them, low bits first.

    Args:
        integers: Any shape; taken row by row.
        bits: Width of each, 1 to 16.

    Returns:
        ceil(count × bits / 8) bytes; the last bits may be unused and are 0.

    Raises:
        ValueError: An integer does not fit.

    >>> pack_bits(torch.tensor([1, 0, 1, 1]), bits=1), pack_bits(torch.tensor([1, 15]), bits=4)
    (b'\\r', b'\\xf1')
    """
    low, high = integer_range(bits, signed=False)
    flat = integers.detach().flatten().cpu().numpy().astype(np.int64)
    if flat.size and not low <= flat.min() <= flat.max() <= high:
        raise ValueError(f"integers must be from {low} to {high}, got {flat.min()} to {flat.max()}")
    digits = (flat[:, None] >> np.arange(bits)) & 1  # (count, bits)
    return np.packbits(digits.astype(np.uint8), bitorder="little").tobytes()


def unpack_bits(packed: bytes, bits: int, count: int) -> Tensor:
    """Return the integers that `pack_bits` packed, as one row of int32.

    Args:
        packed: The bytes.
        bits: Width of each integer, 1 to 16.
        count: How many there are.

    Raises:
        ValueError: The number of bytes is another than these integers need.

    >>> unpack_bits(b"\\xf1", bits=4, count=2)
    tensor([ 1, 15], dtype=torch.int32)
    """
    integer_range(bits, signed=False)  # refuses an impossible width
    check_int("count", count, minimum=0)
    if len(packed) != packed_length(count, bits):
        raise ValueError(
            f"packed must have {packed_length(count, bits)} bytes for {count} integers of {bits} "
            f"bits, got {len(packed)}"
        )
    row = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little", count=count * bits)
    digits = row.reshape(count, bits).astype(np.int32)
    return torch.from_numpy((digits << np.arange(bits, dtype=np.int32)).sum(1, dtype=np.int32))


def packed_length(count: int, bits: int) -> int:
    """Return how many bytes ``count`` integers of ``bits`` bits take.

    >>> packed_length(3, 3)
    2
    """
    return -(-count * bits // 8)
