"""A Huffman tree that grows from frequencies."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.live.draw import number, rounded, svg, table
from labcode.pages.live.result import Result

NAMES = "ABCDEF"
# The picture, in pixels: room for a leaf, for a level, and for what stands beside them.
LEAF, LEVEL, TOP, BOTTOM = 50.0, 34.0, 16.0, 34.0


@dataclass(frozen=True)
class Node:
    """A leaf with its symbol, or the two nodes that were joined; ``count`` is the sum below."""

    count: int
    symbol: str = ""
    children: tuple[Node, ...] = ()

    def codes(self, prefix: str = "") -> Iterator[tuple[str, int, str]]:
        """Yield symbol, count and code of each leaf, from left to right."""
        if not self.children:
            yield self.symbol, self.count, prefix or "0"
        for bit, child in enumerate(self.children):
            yield from child.codes(f"{prefix}{bit}")


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

    >>> print(huffman_tree(2, 1, 1, 0, 0, 0))
    Huffman 1.5 bits a symbol, entropy 1.5, codes of one length 2.
    A: 2 times, code 1
    B: 1 times, code 01
    C: 1 times, code 00
    """
    counts = [
        check_int(n.lower(), v, minimum=0) for n, v in zip(NAMES, (a, b, c, d, e, f), strict=True)
    ]
    root = grow(counts)
    leaves = sorted(root.codes())
    lead = _lead(leaves)
    lines = [f"{symbol}: {count} times, code {code}" for symbol, count, code in leaves]
    return Result(_html(lead, root, leaves), "\n".join([lead, *lines]))


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


def _lead(leaves: list[tuple[str, int, str]]) -> str:
    total = sum(count for _, count, _ in leaves)
    spent = sum(count * len(code) for _, count, code in leaves) / total
    entropy = -sum(count / total * math.log2(count / total) for _, count, _ in leaves)
    fixed = max(1, math.ceil(math.log2(len(leaves))))
    return (
        f"Huffman {rounded(spent)} bits a symbol, entropy {rounded(abs(entropy))}, "
        f"codes of one length {fixed}."
    )


def _html(lead: str, root: Node, leaves: list[tuple[str, int, str]]) -> str:
    total = sum(count for _, count, _ in leaves)
    rows = [
        (symbol, (number(count), f"<code>{code}</code>", str(len(code)), _bits(count, total)))
        for symbol, count, code in leaves
    ]
    made = table(("Count", "Code", "Bits", "Its entropy"), rows)
    made = made.replace('class="live-table"', 'class="live-table live-numbers"')
    return (
        f'<p class="live-lead">{lead}</p>\n{_picture(root, leaves)}\n{made}\n'
        '<p class="live-caption">Each step joins the two nodes with the smallest counts. On the '
        "way down, left is 0 and right is 1. Its entropy: log₂(all / count), the length that an "
        "ideal code would give the symbol.</p>"
    )


def _bits(count: int, total: int) -> str:
    return f"{math.log2(total / count):.2f}"


def _picture(root: Node, leaves: list[tuple[str, int, str]]) -> str:
    depth = max(len(code) for _, _, code in leaves) if root.children else 0
    places = {symbol: LEAF * (i + 0.5) for i, (symbol, _, _) in enumerate(root.codes())}
    body = "".join(_draw(root, 0, places)[1])
    said = ", ".join(f"{symbol} {code}" for symbol, _, code in leaves)
    label = f"Huffman tree of {len(leaves)} symbols; codes: {said}"
    return svg(LEAF * len(leaves), TOP + LEVEL * depth + BOTTOM, label, body)


def _draw(node: Node, depth: int, places: dict[str, float]) -> tuple[float, list[str]]:
    """Return where the node stands, and its drawing: branches first, nodes on top."""
    y = TOP + LEVEL * depth
    if not node.children:
        x = places[node.symbol]
        return x, [_dot(x, y, 9.0, "live-full"), _word(x, y + 24, f"{node.symbol} {node.count}")]
    drawn = [_draw(child, depth + 1, places) for child in node.children]
    x = sum(place for place, _ in drawn) / 2
    branches = [
        f'<line class="live-thin" x1="{x:.4g}" y1="{y:.4g}" x2="{to:.4g}" y2="{y + LEVEL:.4g}"/>'
        for to, _ in drawn
    ]
    bits = [
        _word((x + 2 * to) / 3 + side, y + 0.62 * LEVEL, str(bit))
        for bit, (to, side) in enumerate(zip((p for p, _ in drawn), (-7, 7), strict=True))
    ]
    below = [piece for _, pieces in drawn for piece in pieces]
    return x, [
        *branches,
        *bits,
        *below,
        _dot(x, y, 5.0, "live-pale"),
        _word(x + 9, y - 4, str(node.count), "start"),
    ]


def _dot(x: float, y: float, radius: float, style: str) -> str:
    return f'<circle class="{style}" cx="{x:.4g}" cy="{y:.4g}" r="{radius:g}"/>'


def _word(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="live-name" text-anchor="{anchor}" x="{x:.4g}" y="{y:.4g}">{text}</text>'
