"""A linear layer in two thin ones: parameters against the rank, and where it breaks even."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.live.cells import compared
from labcode.pages.live.result import Result
from labcode.show.numbers import number, percent, times
from labcode.show.tables import Head, Rows, Table


def low_rank(in_features: int = 784, out_features: int = 300, rank: int = 50) -> Result:
    """Compare a linear layer with the two thin layers of a rank.

    Args:
        in_features: Length of the input, n.
        out_features: Length of the output, m.
        rank: Length of the middle, r; at most the smaller of the two.

    Returns:
        Weights of both, which are also the multiply-adds for one input, and the rank up to which
        the two thin layers are cheaper.

    Raises:
        ValueError: A number is out of range, or the rank is more than the matrix can have.

    >>> print(low_rank().summary)
    784 → 300 at rank 50: 54,200 weights instead of 235,200 (23 %); cheaper up to rank 216.
    >>> low_rank(rank=217).caption.partition(".")[0]
    'Rank 217 is above the break-even of 216'
    """
    n, m = check_int("in_features", in_features), check_int("out_features", out_features)
    if check_int("rank", rank) > min(n, m):
        raise ValueError(f"rank must be at most {min(n, m)}, the smaller side, got {rank}")
    full = cost.linear(n, m, bias=False)
    thin = cost.linear(n, rank, bias=False) + cost.linear(rank, m, bias=False)
    last = last_cheaper(n, m)
    ending = f"cheaper up to rank {last}" if last else "no rank is cheaper"
    even = f"{n * m / (n + m):.2f}"
    formulas = (times(m, n), times(rank, f"({number(n)} + {number(m)})"))
    columns = ("", Head("Full", "a"), Head(f"Rank {rank}", "b"))
    rows: Rows = (
        ("Weights", *compared((full.params, thin.params), formulas)),
        ("What it can be", "any matrix", f"any matrix of rank {rank} or less"),
    )
    return Result(
        f"{n} → {m} at rank {rank}: {number(thin.params)} weights instead of "
        f"{number(full.params)} ({percent(thin.params, full.params)}); {ending}.",
        (Table(columns=columns, rows=rows),),
        f"Rank {rank} is {_compared(thin.params, full.params, even)}. Break-even: "
        f"m n / (m + n) = {times(m, n)} / {number(m + n)} = {even}. Biases are left out: both "
        "have the same.",
        values={"full": full.params, "thin": thin.params, "last_cheaper": last},
    )


def _compared(thin: int, full: int, even: str) -> str:
    if thin == full:
        return f"at the break-even of {even}: the two layers are as large as the one"
    where, effect = ("below", "smaller") if thin < full else ("above", "larger")
    return f"{where} the break-even of {even}: the two layers are {effect} than the one"


def last_cheaper(in_features: int, out_features: int) -> int:
    """Return the largest rank at which two thin layers have fewer weights than one; 0 if none.

    >>> last_cheaper(784, 300), last_cheaper(1, 5), last_cheaper(4, 4)
    (216, 0, 1)
    """
    return (in_features * out_features - 1) // (in_features + out_features)
