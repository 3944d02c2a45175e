"""A picture of a binary tree: counts at its nodes, bits at its branches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from labcode.show.pictures import Circle, Line, Picture, Shape, Words

# In pixels: room for a leaf, for a level, and for what stands beside them.
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


def tree(root: Node) -> Picture:
    """Return the tree with its root on top.

    >>> tree(Node(2, children=(Node(1, "A"), Node(1, "B")))).label
    'Huffman tree of 2 symbols; codes: A 0, B 1'
    """
    leaves = list(root.codes())
    depth = max(len(code) for _, _, code in leaves) if root.children else 0
    places = {symbol: LEAF * (i + 0.5) for i, (symbol, _, _) in enumerate(leaves)}
    said = ", ".join(f"{symbol} {code}" for symbol, _, code in sorted(leaves))
    label = f"Huffman tree of {len(leaves)} symbols; codes: {said}"
    height = TOP + LEVEL * depth + BOTTOM
    return Picture(LEAF * len(leaves), height, label, tuple(_draw(root, 0, places)[1]))


def _draw(
    node: Node, depth: int, places: dict[str, float], left: bool = False
) -> tuple[float, list[Shape]]:
    """Return where the node stands, and its drawing: branches first, nodes on top.

    The count stands on the side that the branch from above does not come from.
    """
    y = TOP + LEVEL * depth
    if not node.children:
        x = places[node.symbol]
        return x, [Circle("full", x, y, 9), _word(x, y + 24, f"{node.symbol} {node.count}")]
    first, second = node.children
    drawn = [_draw(first, depth + 1, places, left=True), _draw(second, depth + 1, places)]
    x = sum(place for place, _ in drawn) / 2
    branches = [Line("thin", x, y, to, y + LEVEL) for to, _ in drawn]
    bits = [  # above the middle of a branch, so that they keep clear of the count below it
        _word((x + to) / 2 + side, y + 0.38 * LEVEL, str(bit))
        for bit, ((to, _), side) in enumerate(zip(drawn, (-9, 9), strict=True))
    ]
    below = [shape for _, shapes in drawn for shape in shapes]
    count = Words("name", x + 9, y - 4, str(node.count), "start")
    if left:
        count = replace(count, x=x - 9, text_anchor="end")
    return x, [*branches, *bits, *below, Circle("pale", x, y, 5), count]


def _word(x: float, y: float, text: str) -> Words:
    return Words("name", x, y, text, "middle")
