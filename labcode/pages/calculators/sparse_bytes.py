"""What a pruned layer takes on disk: dense, in CSR form, or with relative indices."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_between, check_choice, check_int
from labcode.pages.live.result import Result
from labcode.show.numbers import number, percent, rounded
from labcode.show.pictures import TONES
from labcode.show.tables import Cell, Head, Rows, Table

NAMES = ("Dense", "CSR", "Relative index")
POINTER_BITS = 32  # of a row's start in CSR
WEIGHTS_A_ROW = 1000


@dataclass(frozen=True)
class Sizes:
    """Bytes of a layer in three forms, and the sparsity from which on two of them are smaller.

    Args:
        dense: Every weight, zeros and all.
        csr: Values, columns and row starts.
        relative: Values and relative indices, fillers included.
        fillers: Fillers for each weight that stays, expected.
        csr_from: Sparsity above which CSR is smaller than dense, from 0 to 1.
        relative_from: The same for relative indices.
    """

    dense: float
    csr: float
    relative: float
    fillers: float
    csr_from: float
    relative_from: float


def fillers(sparsity: float, index_bits: int) -> float:
    """Return how many fillers come on each weight that stays, if zeros stand at random.

    An index of b bits counts up to 2**b - 1 zeros. A longer gap needs a filler, a weight of zero
    that is stored like any other: it covers 2**b places, itself among them. A gap is at least
    2**b long with probability q = sparsity ** 2**b, and needs n fillers with q**n; the sum over n
    is q / (1 - q).

    Args:
        sparsity: Part of the weights that is zero, from 0 to below 1.
        index_bits: Bits of a relative index.

    Source: Deep Compression (arXiv:1510.00149), figure 2.

    >>> fillers(0.5, 1), fillers(0.0, 4)
    (0.3333333333333333, 0.0)
    """
    q: float = sparsity ** (2**index_bits)
    return q / (1 - q)


def sizes(
    weights: int, sparsity: float, value_bits: int, column_bits: int, index_bits: int
) -> Sizes:
    """Return the bytes of a layer in each form; rows have 1,000 weights.

    Args:
        weights: Weights of the layer.
        sparsity: Part that is zero, from 0 to below 1.
        value_bits: Bits of a weight.
        column_bits: Bits of a column in CSR.
        index_bits: Bits of a relative index.
    """
    kept = weights * (1 - sparsity)
    rows = weights / WEIGHTS_A_ROW + 1
    each = fillers(sparsity, index_bits)
    return Sizes(
        dense=weights * value_bits / 8,
        csr=(kept * (value_bits + column_bits) + rows * POINTER_BITS) / 8,
        relative=kept * (1 + each) * (value_bits + index_bits) / 8,
        fillers=each,
        csr_from=1 - (value_bits - POINTER_BITS * rows / weights) / (value_bits + column_bits),
        relative_from=_relative_from(value_bits, index_bits),
    )


def _relative_from(value_bits: int, index_bits: int) -> float:
    """Return the sparsity at which relative indices and dense take the same, by halving."""
    low, high = 0.0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        cost = (1 - middle) * (1 + fillers(middle, index_bits)) * (value_bits + index_bits)
        low, high = (middle, high) if cost > value_bits else (low, middle)
    return high


def sparse_bytes(
    sparsity: int = 90,
    kilo_weights: int = 400,
    value_bits: str = "32",
    column_bits: str = "16",
    index_bits: int = 5,
) -> Result:
    """Compare three ways to store a pruned layer.

    Args:
        sparsity: Share of the weights that is zero, in percent, from 0 to 99.
        kilo_weights: Weights of the layer, in thousands.
        value_bits: Bits of a weight: "32", "16", "8" or "4".
        column_bits: Bits of a column in CSR: "16" or "32".
        index_bits: Bits of a relative index, 4 to 8.

    Returns:
        Bytes of each form, and the sparsity from which on it is smaller than the dense one.

    Raises:
        ValueError: A number is out of range.

    >>> print(sparse_bytes(90).summary)
    400,000 weights, 90 % zero: dense 1,600,000 bytes, CSR 241,604, relative index 191,578.
    """
    check_between("sparsity", sparsity, 0, 99)
    index = check_between("index_bits", index_bits, 4, 8)
    weights = 1000 * check_int("kilo_weights", kilo_weights)
    v = int(check_choice("value_bits", value_bits, ("32", "16", "8", "4")))
    c = int(check_choice("column_bits", column_bits, ("16", "32")))
    found = sizes(weights, sparsity / 100, v, c, index)
    values = (found.dense, found.csr, found.relative)
    dense, csr, relative = (number(round(value)) for value in values)
    fillers = rounded(1000 * found.fillers) if found.fillers >= 1e-6 else "0"
    starts = (f"{percent(x, 1)} zeros" for x in (found.csr_from, found.relative_from))
    rows: Rows = (
        ("Bytes", *_bars(values)),
        ("Bits for each stored weight", f"{v}", f"{v} + {c}", f"{v} + {index}"),
        ("On top", "nothing", "32 bits a row", f"{fillers} fillers on 1,000 that stay"),
        ("Smaller than dense from", "–", *starts),
    )
    return Result(
        f"{number(weights)} weights, {sparsity} % zero: dense {dense} bytes, CSR {csr}, relative "
        f"index {relative}.",
        (Table(columns=("", *map(Head, NAMES, TONES)), rows=rows),),
        "Zeros are taken to stand at random, and rows to have 1,000 weights. A filler is a stored "
        "zero that bridges a gap too long for one index.",
        values=vars(found),
    )


def _bars(values: tuple[float, ...]) -> list[Cell]:
    """Return bytes with bars against the largest and shares of the first."""
    return [
        Cell(
            number(round(value)), value / max(values), tone, percent(value, values[0]), kind="large"
        )
        for value, tone in zip(values, TONES, strict=True)
    ]
