"""One tensor as pieces: codebook, tables, indices, values.

Zeros are left out; indices say where the other numbers are. If few different numbers are left,
they go into a codebook and each weight becomes a number in it; else the values are stored as they
are. Nothing is rounded: what comes back has the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode.coding.bits import Ints, Reader, varint
from labcode.coding.entropy import entropy_bits
from labcode.coding.grid import MOST_CLASSES, decode_grid, encode_grid
from labcode.coding.relative import MAX_BITS, from_relative, to_relative
from labcode.coding.symbols import MOST_SYMBOLS, decode_symbols, encode_symbols

Floats = NDArray[np.float32]

PARTS = ("codebook", "table", "indices", "values")
FORMATS = ("dense", "relative", "grid")
KEPT_AS_THEY_ARE, SHARED, SHARED_HALF, PLAIN, PLAIN_HALF = range(5)  # how values are stored


@dataclass
class Pieces:
    """The bytes of one tensor.

    Args:
        head: How it is stored and how many numbers are not zero.
        index_table: How positions are coded.
        indices: Where the numbers are that are not zero.
        codebook: The different values.
        value_table: How numbers in the codebook are coded.
        values: Numbers in the codebook, or the values themselves.
    """

    head: bytes = b""
    index_table: bytes = b""
    indices: bytes = b""
    codebook: bytes = b""
    value_table: bytes = b""
    values: bytes = b""

    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.head) + sum(len(piece) for _, piece in self.in_order())

    def in_order(self) -> list[tuple[str, bytes]]:
        """Return the name of each piece's section and the piece, in the order of reading."""
        return [
            ("table", self.index_table),
            ("indices", self.indices),
            ("codebook", self.codebook),
            ("table", self.value_table),
            ("values", self.values),
        ]


@dataclass
class Facts:
    """What decoding one tensor showed.

    Args:
        weights: How many numbers are not zero.
        places: How many numbers there are.
        codebook: How many different values the codebook has; 0 without one.
        index_format: How positions are stored.
        index_bits: Entropy of the symbols that say the positions, in bits.
        value_bits: Entropy of the symbols that say the values; all bits of plain values.
        value_coder: How values are coded.
    """

    weights: int = 0
    places: int = 0
    codebook: int = 0
    index_format: str = "dense"
    index_bits: float = 0.0
    value_bits: float = 0.0
    value_coder: str = "plain"
    sizes: dict[str, int] = field(default_factory=dict)


def encode_tensor(values: NDArray[Any], *, indices: str, coder: str, index_bits: int) -> Pieces:
    """Return a tensor as pieces.

    Args:
        values: float32 of any shape; anything else is kept as it is.
        indices: "relative", "grid", or "auto" for the smaller one.
        coder: See `labcode.coding.symbols.encode_symbols`.
        index_bits: Bits of a relative index.
    """
    if values.dtype != np.float32:
        return Pieces(head=bytes([KEPT_AS_THEY_ARE]), values=values.tobytes())
    flat = values.ravel()
    places = np.flatnonzero(flat)
    pieces = min(_value_pieces(flat[places], coder), key=Pieces.size)
    name, table, payload = _index_pieces(values, places, indices, coder, index_bits)
    pieces.head += bytes([FORMATS.index(name)]) + varint(len(places))
    pieces.index_table, pieces.indices = table, payload
    return pieces


def decode_tensor(
    like: NDArray[Any], head: Reader, parts: dict[str, Reader]
) -> tuple[NDArray[Any], Facts]:
    """Return a tensor and what was seen on the way.

    Args:
        like: Has the shape and dtype that it must get.
        head: Stands at the tensor's head.
        parts: Readers of `PARTS`.

    Raises:
        CodingError: A piece is damaged.
    """
    kind, facts = head.byte(), Facts(places=like.size)
    if kind > PLAIN_HALF or (kind == KEPT_AS_THEY_ARE) == (like.dtype == np.float32):
        raise head.fail(f"a tensor of {like.dtype} is stored in form {kind}")
    if kind == KEPT_AS_THEY_ARE:
        data = parts["values"].take(like.nbytes)
        facts.weights, facts.value_bits = like.size, 8.0 * like.nbytes
        return np.frombuffer(data, like.dtype).reshape(like.shape).copy(), facts
    which = head.byte()
    if which >= len(FORMATS):
        raise head.fail(f"there is no form {which} of positions")
    facts.index_format, facts.weights = FORMATS[which], head.varint(like.size)
    places = _read_places(like, parts, facts)
    flat = np.zeros(like.size, dtype=np.float32)
    flat[places] = _read_values(kind, parts, facts)
    return flat.reshape(like.shape), facts


def _value_pieces(values: Floats, coder: str) -> list[Pieces]:
    """Return the ways to store values: as they are, and if they are few, with a codebook."""
    kind, data = _floats(values)
    ways = [Pieces(head=bytes([PLAIN + kind]), values=data)]
    codebook, clusters = np.unique(values.view(np.uint32), return_inverse=True)
    if 0 < len(codebook) <= MOST_SYMBOLS:
        kind, data = _floats(codebook.view(np.float32))
        table, payload = encode_symbols(clusters, coder)
        head, book = bytes([SHARED + kind]), varint(len(codebook)) + data
        ways.append(Pieces(head=head, codebook=book, value_table=table, values=payload))
    return ways


def _read_values(kind: int, parts: dict[str, Reader], facts: Facts) -> Floats:
    """Return the numbers that are not zero."""
    half = kind in (SHARED_HALF, PLAIN_HALF)
    if kind in (PLAIN, PLAIN_HALF):
        facts.value_bits = facts.weights * (16.0 if half else 32.0)
        return _read_floats(parts["values"], facts.weights, half)
    facts.codebook = parts["codebook"].varint(min(MOST_SYMBOLS, facts.weights))
    codebook = _read_floats(parts["codebook"], facts.codebook, half)
    clusters, facts.value_coder = decode_symbols(parts["table"], parts["values"], facts.weights)
    if len(clusters) and clusters.max() >= facts.codebook:
        raise parts["values"].fail(f"a number is not below {facts.codebook}, the codebook's size")
    facts.value_bits = entropy_bits(clusters)
    return codebook[clusters]


def _floats(values: Floats) -> tuple[int, bytes]:
    """Return 1 and float16 bytes where these lose nothing, else 0 and float32 bytes."""
    with np.errstate(over="ignore"):
        half = values.astype("<f2")
    exact = np.array_equal(half.astype(np.float32).view(np.uint32), values.view(np.uint32))
    return (1, half.tobytes()) if exact else (0, values.astype("<f4").tobytes())


def _read_floats(reader: Reader, n: int, half: bool) -> Floats:
    found = np.frombuffer(reader.take(n * (2 if half else 4)), "<f2" if half else "<f4")
    if not np.isfinite(found).all():
        raise reader.fail("a value is not finite")
    return found.astype(np.float32)


def _index_pieces(
    values: NDArray[Any], places: Ints, indices: str, coder: str, index_bits: int
) -> tuple[str, bytes, bytes]:
    """Return format, table and payload of positions."""
    if len(places) in (0, values.size):
        return "dense", b"", b""
    ways = []
    if indices in ("relative", "auto"):
        ways += [_relative(places, index_bits, coder)]
    if indices in ("grid", "auto"):
        mask = np.zeros(values.size, dtype=bool)
        mask[places] = True
        for classes in range(1, MOST_CLASSES + 1):
            ways.append(("grid", *encode_grid(mask.reshape(_rows(values)), classes)))
    return min(ways, key=lambda way: len(way[1]) + len(way[2]))


def _relative(places: Ints, bits: int, coder: str) -> tuple[str, bytes, bytes]:
    symbols = to_relative(places, bits)
    table, payload = encode_symbols(symbols, coder)
    return "relative", bytes([bits]) + varint(len(symbols)) + table, payload


def _read_places(like: NDArray[Any], parts: dict[str, Reader], facts: Facts) -> Ints:
    """Return where the numbers are that are not zero."""
    tables = parts["table"]
    if facts.index_format == "dense":
        if facts.weights not in (0, like.size):
            raise tables.fail(f"{facts.weights} of {like.size} numbers, and no positions")
        return np.arange(facts.weights)
    if facts.index_format == "grid":
        places, facts.index_bits = decode_grid(tables, parts["indices"], _rows(like))
    else:
        bits, most = tables.byte(), 2 * like.size  # a filler stands for at least one zero
        if not 1 <= bits <= MAX_BITS:
            raise tables.fail(f"relative indices of {bits} bits")
        symbols, _ = decode_symbols(tables, parts["indices"], tables.varint(most))
        facts.index_bits = entropy_bits(symbols)
        places = from_relative(symbols, bits, like.size)
    if len(places) != facts.weights:
        raise tables.fail(f"{len(places)} positions of {facts.weights} numbers")
    return places


def _rows(values: NDArray[Any]) -> tuple[int, int]:
    """Return rows and columns: one row for each output of the layer."""
    rows = values.shape[0] if values.ndim > 1 else 1
    return rows, values.size // max(rows, 1)
