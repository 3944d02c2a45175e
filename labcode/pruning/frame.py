"""The frame of a sparse file: safetensors, with a checksum in its metadata.

The checksum is a CRC-32 over what the file is about (form, names, shapes, dtypes), and over all
of the file with zeros in the checksum's place. So a file that lost, gained or changed a byte is
found out, and so is one of another network. The header is filled up with spaces to the length that
it has with the parts' names in full and without a checksum: a file with one is no longer.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

NAMES = {"z": "zeros", "c": "columns", "n": "counts"}  # in full
PREFIX = b'{"__metadata__":{"crc":"'
PLACE = slice(8 + len(PREFIX), 16 + len(PREFIX))  # of the checksum, 8 hexadecimal digits
BLANK = "0" * 8

Arrays = dict[str, Tensor]

DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.bool,
)  # fmt: skip


class SparseFileError(ValueError):
    """A sparse file is damaged, made by something else, or belongs to another network."""


def stored(name: str, values: Tensor | NDArray[np.generic]) -> Tensor:
    """Return a copy of values as safetensors takes them; a single number becomes a list of one.

    Raises:
        ValueError: The file cannot hold the dtype.
    """
    tensor = (
        values if isinstance(values, Tensor) else torch.from_numpy(np.ascontiguousarray(values))
    )
    if tensor.dtype not in DTYPES:
        kinds = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
        raise ValueError(f"{name!r} must have one of the dtypes {kinds}, got {tensor.dtype}")
    return tensor.reshape(1).clone() if tensor.ndim == 0 else tensor.contiguous().clone()


def frame(arrays: Arrays, about: str | None = None) -> bytes:
    """Return a safetensors file; with a checksum if it is said what the file is about."""
    if about is None:
        return save(arrays)
    bare = save({_in_full(name, arrays): array for name, array in arrays.items()})
    file = save(arrays, {"crc": BLANK})
    room = int.from_bytes(bare[:8], "little") - int.from_bytes(file[:8], "little")
    whole = bytearray(_widened(file, max(room, 0)))
    whole[PLACE] = _checksum(whole, about)
    return bytes(whole)


def unframe(file: bytes, about: str) -> dict[str, Tensor]:
    """Return the tensors of a file whose checksum is right.

    Raises:
        SparseFileError: The file is damaged, or is about something else.
    """
    if file[8 : 8 + len(PREFIX)] != PREFIX:
        raise SparseFileError(
            "this is not a sparse file of labcode.pruning, or its start is damaged"
        )
    blank = bytearray(file)
    blank[PLACE] = BLANK.encode()
    if file[PLACE] != _checksum(blank, about):
        raise SparseFileError(
            "the checksum is wrong: the file is damaged, was written in another form, or belongs "
            "to a network with other names, shapes or dtypes"
        )
    try:
        return load(file)
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise SparseFileError(f"the file cannot be read: {error}") from error


def _checksum(blank: bytes | bytearray, about: str) -> bytes:
    return f"{zlib.crc32(blank, zlib.crc32(about.encode())):08x}".encode()


def _in_full(name: str, arrays: Arrays) -> str:
    """Return a part's name in full, for the header's length."""
    stem, _, key = name.rpartition(".")
    if stem in arrays and key in NAMES:
        return f"{stem}.{NAMES[key]}"
    return f"{name}.values" if any(f"{name}.{key}" in arrays for key in NAMES) else name


def _widened(file: bytes, room: int) -> bytes:
    """Return a file whose header has more spaces at its end."""
    length = int.from_bytes(file[:8], "little")
    header = file[8 : 8 + length] + b" " * room
    return len(header).to_bytes(8, "little") + header + file[8 + length :]
