"""A Huffman tree that grows from frequencies."""

from __future__ import annotations

import heapq
import math

from labcode._checks import check_int
from labcode.pages.live.result import Result
from labcode.pages.pictures.tree import Node, tree
from labcode.show.numbers import number, rounded
from labcode.show.tables import AnyCell, Cell, Table

NAMES = "ABCDEF"


def huffman_tree(
    a: int = 40, b: int = 20, c: int = 12, d: int = 8, e: int = 4, f: int = 2
) -> Result:
    """Grow a Huffman tree: join the two rarest until one is left.

    Args:
        a: How often A comes; 0 leaves it out. So do the others.
        b: How often B comes.
        c: How often C comes.
        d: How often D comes.
        e: How often E comes.
        f: How often F comes.

    Returns:
        The tree, each symbol's code, and bits a symbol beside the entropy.

    Raises:
        ValueError: A number is negative, or all are 0.

    >>> print(huffman_tree(2, 1, 1, 0, 0, 0).summary)
    Huffman 1.5 bits a symbol, entropy 1.5, codes of one length 2.
    """
    counts = [
        check_int(n.lower(), v, minimum=0) for n, v in zip(NAMES, (a, b, c, d, e, f), strict=True)
    ]
    root = grow(counts)
    leaves = sorted(root.codes())
    total = sum(count for _, count, _ in leaves)
    spent = sum(count * len(code) for _, count, code in leaves) / total
    entropy = abs(-sum(count / total * math.log2(count / total) for _, count, _ in leaves))
    fixed = max(1, math.ceil(math.log2(len(leaves))))
    rows = tuple(_row(symbol, count, code, total) for symbol, count, code in leaves)
    columns = ("", "Count", "Code", "Bits", "Its entropy")
    return Result(
        f"Huffman {rounded(spent)} bits a symbol, entropy {rounded(entropy)}, codes of one length "
        f"{fixed}.",
        (tree(root), Table(columns=columns, rows=rows, style="numbers")),
        "Each step joins the two nodes with the smallest counts. On the way down, left is 0 and "
        "right is 1. Its entropy: log₂(all / count), the length that an ideal code would give the "
        "symbol.",
        values={
            "codes": {symbol: code for symbol, _, code in leaves},
            "bits": spent,
            "entropy": entropy,
        },
    )


def _row(symbol: str, count: int, code: str, total: int) -> tuple[AnyCell, ...]:
    ideal = f"{math.log2(total / count):.2f}"
    return symbol, number(count), Cell(code, kind="code"), str(len(code)), ideal


def grow(counts: list[int]) -> Node:
    """Return the root of the tree.

    Source: Huffman, A method for the construction of minimum-redundancy codes (1952).
    """
    leaves = [Node(n, name) for name, n in zip(NAMES, counts, strict=True) if n]
    if not leaves:
        raise ValueError("one symbol at least must come once, but all counts are 0")
    heap = [(leaf.count, order, leaf) for order, leaf in enumerate(leaves)]
    heapq.heapify(heap)
    order = len(heap)
    while len(heap) > 1:
        (_, _, first), (_, _, second) = heapq.heappop(heap), heapq.heappop(heap)
        joined = Node(first.count + second.count, children=(second, first))
        heapq.heappush(heap, (joined.count, order, joined))
        order += 1
    return heap[0][2]
