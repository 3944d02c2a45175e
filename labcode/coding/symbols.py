"""A row of symbols as a table and a payload: fixed width, Huffman or rANS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode.coding import huffman, rans
from labcode.coding.bits import Ints, Reader, pack_numbers, varint
from labcode.coding.entropy import counts_of

CODERS = ("fixed", "huffman", "rans")
PRECISIONS = (8, 10, 12, 14)  # bits of rANS frequencies: fewer make a smaller table
MOST_SYMBOLS = 1 << 12


def encode_symbols(symbols: NDArray[Any], coder: str = "auto") -> tuple[bytes, bytes]:
    """Return how symbols are coded (the table) and their codes (the payload).

    Args:
        symbols: Whole numbers from 0 to 4095, shape (n,).
        coder: One of `CODERS`, or "auto" for the one that needs the fewest bytes.

    Returns:
        Table and payload.

    Raises:
        ValueError: The coder is unknown, or a symbol is out of range.

    >>> table, payload = encode_symbols(np.array([0, 0, 1, 0]), "huffman")
    >>> len(table), len(payload)
    (3, 2)
    """
    symbols = np.asarray(symbols, dtype=np.int64)
    if len(symbols) and not 0 <= symbols.min() <= symbols.max() < MOST_SYMBOLS:
        raise ValueError(f"symbols must be from 0 to {MOST_SYMBOLS - 1}")
    makers = {"fixed": _fixed, "huffman": _huffman, "rans": _rans}
    if coder == "auto":
        return min((make(symbols) for make in makers.values()), key=_size)
    if coder not in makers:
        raise ValueError(f"coder must be auto or one of {', '.join(CODERS)}, got {coder!r}")
    return makers[coder](symbols)


def decode_symbols(tables: Reader, payloads: Reader, n: int) -> tuple[Ints, str]:
    """Return ``n`` symbols and the name of their coder.

    Args:
        tables: Stands at the table.
        payloads: Stands at the payload.
        n: Number of symbols; the caller has checked that so many may be.

    Raises:
        CodingError: Table or payload is damaged.
    """
    kind, alphabet = tables.byte(), tables.varint(MOST_SYMBOLS)
    if kind == 0:
        return payloads.numbers(n, _width(alphabet)), "fixed"
    if kind == 1:
        lengths = tables.numbers(alphabet, 4)
        payload = payloads.take(payloads.varint(len(payloads.data)))
        return huffman.decode(payload, n, lengths), "huffman"
    if kind - 2 not in PRECISIONS:
        raise tables.fail(f"there is no coder {kind}")
    model = read_frequencies(tables, alphabet, kind - 2)
    payload = payloads.take(payloads.varint(len(payloads.data)))
    decoder = rans.Decoder(payload, kind - 2)
    found = decoder.run(model, n)
    decoder.end()
    return np.array(found, dtype=np.int64), "rans"


def write_frequencies(model: Ints, precision: int) -> bytes:
    """Write frequencies whose sum is 2**precision: all but the last, which the sum tells."""
    return pack_numbers(model[:-1], precision)


def read_frequencies(reader: Reader, alphabet: int, precision: int) -> Ints:
    """Read what `write_frequencies` wrote for so many symbols."""
    if alphabet == 0:
        raise reader.fail("a table without symbols")
    model = reader.numbers(alphabet - 1, precision)
    last = (1 << precision) - int(model.sum())
    if last < 0:
        raise reader.fail("frequencies are too large")
    return np.append(model, last)


def _size(parts: tuple[bytes, bytes]) -> int:
    return len(parts[0]) + len(parts[1])


def _width(alphabet: int) -> int:
    """Return the bits of a number below ``alphabet``, at least one."""
    return max(1, (alphabet - 1).bit_length())


def _fixed(symbols: Ints) -> tuple[bytes, bytes]:
    alphabet = int(symbols.max()) + 1 if len(symbols) else 0
    return bytes([0]) + varint(alphabet), pack_numbers(symbols, _width(alphabet))


def _huffman(symbols: Ints) -> tuple[bytes, bytes]:
    lengths = huffman.code_lengths(counts_of(symbols))
    table = bytes([1]) + varint(len(lengths)) + pack_numbers(lengths, 4)
    payload = huffman.encode(symbols, lengths)
    return table, varint(len(payload)) + payload


def _rans(symbols: Ints) -> tuple[bytes, bytes]:
    counts = counts_of(symbols, 1)
    which = np.zeros(len(symbols), dtype=np.int64)
    candidates = []
    for precision in PRECISIONS:
        if np.count_nonzero(counts) > 1 << precision:
            continue
        model = rans.scaled_counts(counts if counts.any() else counts + 1, precision)
        bits = float(counts[counts > 0] @ (precision - np.log2(model[counts > 0])))
        table = write_frequencies(model, precision)
        candidates.append((len(table) + bits / 8, precision, model, table))
    _, precision, model, table = min(candidates, key=lambda found: found[:2])
    payload = rans.encode(symbols, [model], which, precision)
    head = bytes([precision + 2]) + varint(len(counts))
    return head + table, varint(len(payload)) + payload
