"""A linear layer in two thin ones: parameters against the rank, and where it breaks even."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.live.draw import TONES, heading, number, percent, quantity, rounded, table, times
from labcode.pages.live.result import Result


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
    >>> low_rank(rank=217).text.splitlines()[-1]
    'rank 217 is above the break-even of 216.97: the two layers are larger than the one'
    """
    n, m = check_int("in_features", in_features), check_int("out_features", out_features)
    if check_int("rank", rank) > min(n, m):
        raise ValueError(f"rank must be at most {min(n, m)}, the smaller side, got {rank}")
    full = cost.linear(n, m, bias=False)
    thin = cost.linear(n, rank, bias=False) + cost.linear(rank, m, bias=False)
    last = last_cheaper(n, m)
    ending = f"cheaper up to rank {last}" if last else "no rank is cheaper"
    lead = (
        f"{n} → {m} at rank {rank}: {number(thin.params)} weights instead of "
        f"{number(full.params)} ({percent(thin.params, full.params)}); {ending}."
    )
    even = f"{n * m / (n + m):.2f}"
    where = "below" if rank * (n + m) < n * m else "at" if rank * (n + m) == n * m else "above"
    effect = {"below": "smaller than", "at": "as large as", "above": "larger than"}[where]
    verdict = (
        f"rank {rank} is {where} the break-even of {even}: the two layers are {effect} the one"
    )
    formulas = (times(m, n), f"{times(rank, f'({number(n)} + {number(m)})')}")
    text = "\n".join(
        [
            lead,
            f"full: {formulas[0]} = {number(full.params)} weights and multiply-adds",
            f"low rank: {formulas[1]} = {number(thin.params)} weights and multiply-adds",
            f"times smaller: {rounded(full.params / thin.params)}",
            verdict,
        ]
    )
    most = max(full.params, thin.params)
    cells = [
        quantity(value, value / most, tone, formula, percent(value, full.params))
        for value, tone, formula in zip((full.params, thin.params), TONES, formulas, strict=False)
    ]
    heads = [heading("Full", "a"), heading(f"Rank {rank}", "b")]
    rows = [
        ("Weights", cells),
        ("What it can be", ["any matrix", f"any matrix of rank {rank} or less"]),
    ]
    html = (
        f'<p class="live-lead">{lead}</p>\n{table(heads, rows)}\n'
        f'<p class="live-caption">{verdict[0].upper()}{verdict[1:]}. Break-even: '
        f"m n / (m + n) = {times(m, n)} / {number(m + n)} = {even}. Biases are left out: both "
        "have the same.</p>"
    )
    return Result(html, text)


def last_cheaper(in_features: int, out_features: int) -> int:
    """Return the largest rank at which two thin layers have fewer weights than one; 0 if none.

    >>> last_cheaper(784, 300), last_cheaper(1, 5), last_cheaper(4, 4)
    (216, 0, 1)
    """
    return (in_features * out_features - 1) // (in_features + out_features)
