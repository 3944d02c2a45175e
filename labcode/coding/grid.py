"""Where the weights are, told by how full rows and columns are.

After pruning, some neurons keep many weights, some few, and some none. So rows and columns are
sorted into classes: class 0 is empty, and the others are fuller and fuller. All cells of one row
class and one column class make a block, and each block has its own share of weights, which says
how probable a gap of any length is. Nothing is stored for blocks of class 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode.coding.bits import Ints, Reader, varint
from labcode.coding.entropy import counts_of, entropy, entropy_bits
from labcode.coding.rans import Decoder, encode, scaled_counts
from labcode.coding.symbols import read_frequencies, write_frequencies

PRECISION = 12  # bits of the frequencies
MOST_CLASSES = 4
LONGEST = 255  # zeros of a filler


def classes_of(filled: NDArray[Any], classes: int) -> Ints:
    """Return the class of each row (or column).

    Args:
        filled: How many weights it has.
        classes: How many classes there are for those that have any.

    Returns:
        0 for empty ones, else from 1 to ``classes``: as many of each as can be.

    >>> classes_of(np.array([0, 9, 1, 2, 8]), 2)
    array([0, 2, 1, 1, 2])
    """
    filled = np.asarray(filled, dtype=np.int64)
    alive = np.sort(filled[filled > 0])
    if not len(alive):
        return np.zeros(len(filled), dtype=np.int64)
    cuts = alive[len(alive) * np.arange(1, classes) // classes]
    return np.where(filled > 0, 1 + np.searchsorted(cuts, filled, side="right"), 0)


def blocks_of(rows: Ints, columns: Ints, classes: int) -> tuple[Ints, Ints]:
    """Return the cells of all blocks, one block after the other, and the size of each block.

    Args:
        rows: Class of each row.
        columns: Class of each column.
        classes: The highest class there may be.

    Returns:
        Flat places of cells, block by block in rising order, and (classes**2,) sizes.
    """
    by_row = [np.flatnonzero(rows == c) for c in range(1, classes + 1)]
    by_column = [np.flatnonzero(columns == c) for c in range(1, classes + 1)]
    cells = [(r[:, None] * len(columns) + c).ravel() for r in by_row for c in by_column]
    return np.concatenate(cells), np.array([len(block) for block in cells])


def gap_model(weights: int, cells: int) -> Ints:
    """Return how often each gap comes if weights lie at random: frequencies for rANS.

    Whole numbers alone, so that every machine gets the same.

    Args:
        weights: Weights in the block, at least 1.
        cells: Cells in the block.

    Returns:
        Frequencies of gaps 0, 1, … and of the filler; their sum is 2**12.

    >>> gap_model(1, 2)[:3]
    array([2044, 1023,  512])
    """
    longest = max(1, min(LONGEST, 4 * cells // weights))
    room, rest, cuts = (1 << PRECISION) - longest - 1, 1 << 30, []
    for gap in range(1, longest + 1):  # each gap has at least a frequency of 1
        rest -= rest * weights // cells
        cuts.append(gap + (((1 << 30) - rest) * room >> 30))
    return np.diff(np.array([0, *cuts, 1 << PRECISION]))


def encode_grid(mask: NDArray[np.bool_], classes: int) -> tuple[bytes, bytes]:
    """Return table and payload that say where a mask is true.

    Args:
        mask: Shape (rows, columns), true at least once.
        classes: Classes of rows, and of columns, from 1 to 4.

    Returns:
        The table (frequencies of classes, weights of each block) and the payload.
    """
    rows = classes_of(mask.sum(axis=1), classes)
    columns = classes_of(mask.sum(axis=0), classes)
    models = [scaled_counts(counts_of(side, classes + 1), PRECISION) for side in (rows, columns)]
    table = bytes([classes]) + b"".join(write_frequencies(m, PRECISION) for m in models)
    symbols, which = [rows, columns], [np.zeros_like(rows), np.ones_like(columns)]
    cells, sizes = blocks_of(rows, columns, classes)
    for block in np.split(mask.ravel()[cells], np.cumsum(sizes)[:-1]):
        places = np.flatnonzero(block)
        table += varint(len(places))
        if len(places):
            models.append(gap_model(len(places), len(block)))
            symbols.append(_gaps(places, len(models[-1]) - 1))
            which.append(np.full(len(symbols[-1]), len(models) - 1))
    payload = encode(np.concatenate(symbols), models, np.concatenate(which), PRECISION)
    return table, varint(len(payload)) + payload


def decode_grid(tables: Reader, payloads: Reader, shape: tuple[int, int]) -> tuple[Ints, float]:
    """Return where the mask is true, and the entropy of what says so, in bits.

    Args:
        tables: Stands at the table.
        payloads: Stands at the payload.
        shape: Rows and columns.

    Returns:
        Flat places, rising; and bits: entropy of the classes and of the places in each block.

    Raises:
        CodingError: Table or payload is damaged.
    """
    classes = tables.byte()
    if not 1 <= classes <= MOST_CLASSES:
        raise tables.fail(f"{classes} classes of rows")
    models = [read_frequencies(tables, classes + 1, PRECISION) for _ in shape]
    blocks = [tables.varint(shape[0] * shape[1]) for _ in range(classes**2)]
    payload = payloads.take(payloads.varint(len(payloads.data)))
    decoder = Decoder(payload, PRECISION)
    sides = [np.array(decoder.run(m, n)) for m, n in zip(models, shape, strict=True)]
    cells, sizes = blocks_of(sides[0], sides[1], classes)
    bits = sum(entropy_bits(side) for side in sides)
    found, start = [], 0
    for weights, size in zip(blocks, sizes.tolist(), strict=True):
        if weights > size:
            raise tables.fail(f"{weights} weights in a block of {size}")
        if weights:
            places = _block(decoder, weights, size)
            if places[-1] >= size:
                raise payloads.fail(f"a gap leads past the {size} cells of its block")
            found.append(cells[start + places])
            bits += size * entropy([weights, size - weights])
        start += size
    decoder.end()
    return np.sort(np.concatenate(found)) if found else cells[:0], bits


def _gaps(places: Ints, filler: int) -> Ints:
    """Return gaps before each place; ``filler`` is the symbol of so many zeros."""
    fillers, rest = np.divmod(np.diff(places, prepend=-1) - 1, filler)
    ends = np.cumsum(fillers + 1)
    symbols = np.full(int(ends[-1]), filler, dtype=np.int64)
    symbols[ends - 1] = rest
    return symbols


def _block(decoder: Decoder, weights: int, size: int) -> Ints:
    """Return the places in a block."""
    model = gap_model(weights, size)
    filler = len(model) - 1
    symbols = np.array(decoder.run(model, weights, filler, size // filler), dtype=np.int64)
    is_weight = symbols != filler
    places: Ints = (np.cumsum(symbols + is_weight) - 1)[is_weight]
    return places
