"""The course's compressed file: `pack` a network into bytes, `unpack` them into a network.

The file, in order (whole numbers in LEB128 if nothing else is said):

=============  ==========================================================================
magic          ``DIET``
version        1 byte: 1
length         2 bytes, little-endian: bytes of the header
header         CRC-32 of the tensors' bytes; CRC-32 of their names, shapes and dtypes; their
               number; length and CRC-32 of each section; the head of each tensor
CRC-32         of everything before
five sections  codebooks, tables, indices, values of weights; biases (all of that for tensors
               with at most one dimension)
=============  ==========================================================================

Nothing in a file is ever executed, and how much memory a file can ask for is bounded by the
shapes of the network that it is unpacked into.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from labcode._checks import check_int
from labcode._refusals import not_stored, refuse_unusable
from labcode.coding.bits import Reader, varint
from labcode.coding.errors import CodingError
from labcode.coding.relative import MAX_BITS
from labcode.coding.symbols import CODERS
from labcode.coding.tensors import PARTS, Facts, Pieces, decode_tensor, encode_tensor

MAGIC, VERSION = b"DIET", 1
SECTIONS = (*PARTS, "biases")
DTYPES = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")

Tensors = dict[str, NDArray[Any]]


@dataclass
class Decoded:
    """A file's tensors, what each of them took, and the bytes of the rest."""

    tensors: Tensors
    facts: dict[str, Facts]
    framing: int


def pack(
    model: nn.Module, *, indices: str = "auto", coder: str = "auto", index_bits: int = 5
) -> bytes:
    """Return all of a network's weights, biases and buffers as one compressed file.

    Nothing is rounded; only a negative zero comes back as zero, which it equals. What makes the
    file small is that many weights are zero (see `labcode.pruning`) and that the others share few
    values (see `labcode.quantization.share_weights`).

    Args:
        model: The network.
        indices: How positions are stored: "relative" as in the paper, "grid" by how full rows and
            columns are, or "auto" for whatever is smaller, layer by layer.
        coder: How symbols are coded: "fixed" (whole bits, all the same), "huffman", "rans", or
            "auto" for whatever is smaller. The grid always uses rANS.
        index_bits: Bits of a relative index, from 1 to 12.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: A setting is unknown, a layer is compiled, quantized or without weights yet, a
            value is NaN or infinite, or a dtype or something that is not a tensor has no place in
            the file.

    Source: Deep Compression (arXiv:1510.00149).

    >>> layer = nn.Linear(100, 10)
    >>> layer.weight.data = (torch.arange(1000).view(10, 100) % 50 == 0).float()
    >>> len(pack(layer)) < 200
    True
    """
    _check_settings(indices, coder, index_bits)
    tensors = {name: _plain_zeros(values) for name, values in _arrays(model).items()}
    sections, heads = {name: bytearray() for name in SECTIONS}, b""
    for name, values in tensors.items():
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(f"{name} of the model must be finite, but holds NaN or infinity")
        pieces = encode_tensor(values, indices=indices, coder=coder, index_bits=index_bits)
        heads += pieces.head
        _add(sections, pieces, values)
    facts = struct.pack("<II", _crc_of_values(tensors), _crc_of_shapes(tensors))
    sizes = b"".join(varint(len(s)) + struct.pack("<I", zlib.crc32(s)) for s in sections.values())
    header = facts + varint(len(tensors)) + sizes + heads
    if len(header) > 0xFFFF:
        raise ValueError(f"the model has too many tensors for one file: {len(tensors)}")
    start = MAGIC + bytes([VERSION]) + struct.pack("<H", len(header)) + header
    return start + struct.pack("<I", zlib.crc32(start)) + b"".join(sections.values())


def unpack(data: bytes, model: nn.Module) -> nn.Module:
    """Fill a network with the weights of a file.

    Names, shapes and all checksums are checked before the first weight is changed.

    Args:
        data: What `pack` returned.
        model: A network of the same architecture; changed in place.

    Returns:
        The same network.

    Raises:
        CodingError: The file is damaged, or belongs to another network; the model is as before.
        TypeError: ``data`` is not bytes.

    >>> first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> torch.equal(unpack(pack(first), second).weight, first.weight)
    True
    """
    decoded = decode(data, model)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(torch.from_numpy(decoded.tensors[name]))
    return model


def decode(data: bytes, model: nn.Module) -> Decoded:
    """Return what a file holds, and leave the model alone; for the rest see `unpack`."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data must be bytes, got {type(data).__name__}")
    like = _arrays(model)
    header, body = _read_start(bytes(data))
    content, shapes = struct.unpack("<II", header.take(8))
    number = header.varint(0xFFFF)
    if number != len(like) or shapes != _crc_of_shapes(like):
        raise CodingError(
            f"the file belongs to another network: it holds {number} tensors, and their names "
            f"and shapes are not those of the {len(like)} tensors of this {type(model).__name__}"
        )
    readers = _read_sections(header, body)
    tensors, facts = {}, {}
    for name, values in like.items():
        parts = {part: readers["biases" if values.ndim <= 1 else part] for part in PARTS}
        before = {part: readers[part].place for part in readers}
        start = header.place
        tensors[name], facts[name] = decode_tensor(values, header, parts)
        used = {part: readers[part].place - before[part] for part in readers}
        facts[name].sizes = {"header": header.place - start, **used}
    for reader in (header, *readers.values()):
        reader.end()
    if _crc_of_values(tensors) != content:
        raise CodingError("the file is damaged: its weights do not have the checksum it names")
    rest = len(data) - sum(sum(fact.sizes.values()) for fact in facts.values())
    return Decoded(tensors, facts, rest)


def _check_settings(indices: str, coder: str, index_bits: int) -> None:
    if indices not in ("auto", "relative", "grid"):
        raise ValueError(f"indices must be auto, relative or grid, got {indices!r}")
    if coder not in ("auto", *CODERS):
        raise ValueError(f"coder must be auto or one of {', '.join(CODERS)}, got {coder!r}")
    if check_int("index_bits", index_bits) > MAX_BITS:
        raise ValueError(f"index_bits must be from 1 to {MAX_BITS}, got {index_bits}")


def _arrays(model: nn.Module) -> Tensors:
    """Return the model's tensors in the order of their names."""
    refuse_unusable(model)
    found = sorted(model.state_dict().items())
    for name, tensor in found:
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"{name} must be a tensor, got {type(tensor).__name__}")
        if why := not_stored(tensor):
            raise ValueError(f"{name} {why}")
        if str(tensor.dtype).removeprefix("torch.") not in DTYPES:
            kinds = ", ".join(DTYPES)
            raise ValueError(f"{name} must have one of the dtypes {kinds}, got {tensor.dtype}")
    return {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in found}


def _plain_zeros(values: NDArray[Any]) -> NDArray[Any]:
    """Return float values with 0.0 for -0.0, which masks leave behind that multiply."""
    return values + values.dtype.type(0) if np.issubdtype(values.dtype, np.floating) else values


def _add(sections: dict[str, bytearray], pieces: Pieces, values: NDArray[Any]) -> None:
    """Put the pieces of a tensor into their sections."""
    for part, piece in pieces.in_order():
        sections["biases" if values.ndim <= 1 else part].extend(piece)


def _read_start(data: bytes) -> tuple[Reader, Reader]:
    """Check the start of a file; return readers of its header and of what follows."""
    start = Reader(data, "the file")
    if start.take(4) != MAGIC:
        raise CodingError("this is not a file of labcode.coding: it does not begin with DIET")
    if (version := start.byte()) != VERSION:
        raise CodingError(f"the file has version {version}, and this labcode reads {VERSION}")
    header = start.take(struct.unpack("<H", start.take(2))[0])
    checked = data[: start.place]
    if struct.unpack("<I", start.take(4))[0] != zlib.crc32(checked):
        raise CodingError("the header is damaged: its checksum is wrong")
    return Reader(header, "the header"), start


def _read_sections(header: Reader, body: Reader) -> dict[str, Reader]:
    """Return a reader of each section, whose checksum is right."""
    readers = {}
    for name in SECTIONS:
        size = header.varint(len(body.data))
        expected = struct.unpack("<I", header.take(4))[0]
        data = body.take(size)
        if zlib.crc32(data) != expected:
            raise CodingError(f"the section {name} is damaged: its checksum is wrong")
        readers[name] = Reader(data, f"the section {name}")
    body.end()
    return readers


def _crc_of_values(tensors: Tensors) -> int:
    crc = 0
    for values in tensors.values():
        crc = zlib.crc32(np.ascontiguousarray(values).data.cast("B") if values.size else b"", crc)
    return crc


def _crc_of_shapes(tensors: Tensors) -> int:
    text = "\n".join(f"{name} {t.shape} {t.dtype}" for name, t in tensors.items())
    return zlib.crc32(text.encode())
