"""What stands in files: Huffman's tree with its codes, and the packed file part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labcode.pages.calculators.huffman_tree import NAMES, grow
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, note, rule, words
from labcode.pages.pictures.tree import tree
from labcode.show.numbers import number, percent
from labcode.show.pictures import Picture, Rect, Shape

if TYPE_CHECKING:
    from labcode.coding import Report

WIDTH = 336.0
# What the kinds of bytes in a packed file are, in words.
PARTS = {
    "header": "header, checksums",
    "codebook": "codebooks",
    "table": "tables of the codes",
    "indices": "where weights are",
    "values": "which weight it is",
    "biases": "biases",
}


def huffman(counts: tuple[int, ...] = (40, 20, 12, 8, 4, 2)) -> Figure:
    """Draw Huffman's tree, and the codes that it gives.

    Args:
        counts: How often each symbol comes, from A on; up to six.

    >>> print(huffman((2, 1, 1)).panels[1].label)
    Codes: A 1, B 01, C 00; 6 bits for 4 symbols, 8 with codes of one length.
    """
    root = grow([*counts, *[0] * (len(NAMES) - len(counts))])
    found = sorted(root.codes())
    spent, total = sum(count * len(code) for _, count, code in found), root.count
    fixed = max(1, (len(found) - 1).bit_length()) * total
    shapes: list[Shape] = [
        heading(10, 12, "symbol", "start"),
        heading(112, 12, "times", "end"),
        heading(138, 12, "code", "start"),
        rule(4, 24, 196, 24),
    ]
    for at, (symbol, count, code) in enumerate(found):
        y = 36 + 19.0 * at
        shapes += [words(14, y, symbol, "start"), note(112, y, str(count), "end")]
        shapes.append(words(138, y, code, "start"))
    foot = 36 + 19.0 * len(found)
    shapes += [
        rule(4, foot - 8, 196, foot - 8),
        note(4, foot + 6, f"{spent} bits in all;", "start"),
        note(4, foot + 23, f"{fixed} with codes of one length", "start"),
    ]
    said = ", ".join(f"{symbol} {code}" for symbol, _, code in found)
    label = f"Codes: {said}; {spent} bits for {total} symbols, {fixed} with codes of one length."
    return Figure((tree(root), Picture(214, foot + 36, label, tuple(shapes))))


def packed_file(found: Report | None = None) -> Figure:
    """Draw every byte of a packed file, as long as its share.

    Args:
        found: What `coding.report` says of a file; of the course's smallest LeNet-5 if None.

    >>> packed_file().panels[0].label.partition(":")[0]
    'The packed file'
    """
    sizes = (found or _smallest()).sections
    total = sum(sizes.values())
    tones = dict(zip(PARTS, ("n", "c", "n", "a", "b", "c"), strict=True))
    shapes: list[Shape] = [heading(4, 12, f"{number(total)} bytes", "start")]
    x = 4.0
    for kind in PARTS:
        wide = (WIDTH - 8) * sizes[kind] / total
        shapes.append(Rect(f"box {tones[kind]}", x, 28, wide, 34))
        x += wide
    for at, (kind, name) in enumerate(PARTS.items()):
        y = 82 + 20.0 * at
        shapes += [
            Rect(f"box {tones[kind]}", 4, y - 7, 14, 14, 2),
            words(26, y, name, "start"),
            note(252, y, number(sizes[kind]), "end"),
            note(330, y, percent(sizes[kind], total), "end"),
        ]
    said = ", ".join(f"{PARTS[kind]} {number(sizes[kind])}" for kind in PARTS)
    label = f"The packed file: {number(total)} bytes; {said}."
    return Figure((Picture(WIDTH, 82 + 20 * len(PARTS), label, tuple(shapes)),))


def _smallest() -> Report:
    from labcode import coding, weights
    from labcode.models import lenet5

    file, network = weights.packed("lenet5", 0.018), lenet5()
    return coding.report(file, coding.unpack(file, network))
